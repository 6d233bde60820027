"""What a storm needs: an installation of real processes, somebody who sends, somebody who receives, and the verdict."""
