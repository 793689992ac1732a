"""What the command line and the console ask the database. They only read."""
