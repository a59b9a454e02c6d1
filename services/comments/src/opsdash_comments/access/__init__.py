"""Who may do what with comments."""
