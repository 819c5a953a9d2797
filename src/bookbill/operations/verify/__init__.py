"""`bookbill verify`: every invariant that must always hold, checked on the stored rows. Changes nothing."""
