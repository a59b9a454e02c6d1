"""Mail: what a person is sent by e-mail, when it leaves, and how they turn it off."""
