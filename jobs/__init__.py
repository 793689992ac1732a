"""What runs unattended: jobs, their lease and the record of their runs."""
