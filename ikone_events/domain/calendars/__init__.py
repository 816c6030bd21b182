"""Calendar entries (RFC 5545): invitations, their check, feeds, add-links."""
