"""Work on tickets without a person acting: purging, unassigning, rendering older HTML anew."""
