"""The notifications service: owns who watches which ticket, everybody's inbox, and who was told what."""
