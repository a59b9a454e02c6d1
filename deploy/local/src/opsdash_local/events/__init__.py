"""`opsdash events`: the topics of the stack in readable form."""
