"""The publisher's screens: what the command line does, in a browser, for those who have an account."""
