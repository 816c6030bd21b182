"""Pages of accounts: the list, one account, the own one."""
