"""One file that holds an installation: making it while everything runs, and putting it back."""
