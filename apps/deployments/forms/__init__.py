"""What people type about deployments. Reads and checks; saving is the services' business."""
