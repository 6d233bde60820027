"""What people type about deployments. Rules are the domain's and the services'."""
