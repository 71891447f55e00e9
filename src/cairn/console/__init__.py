"""The console: who is signed in, the JSON that its pages are made of, and the pages themselves."""
