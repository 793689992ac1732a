"""The month close cut, killed, raced and left without a database."""
