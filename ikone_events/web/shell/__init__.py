"""What every page needs: access, errors, headers, languages, limits, login, cache."""
