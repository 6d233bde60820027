"""What a process keeps in memory about deployments: who waits for news of them."""
