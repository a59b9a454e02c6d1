"""What a person says about their mails."""
