"""The shell: base pages, components, formatting, form fields, htmx helpers. Knows no capability; they register with it."""
