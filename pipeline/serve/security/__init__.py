"""Who may ask what, how much and how fast, and what an answer tells the browser.

tokens      tokens, hashed in a file
sessions    sign-ins of browsers
access      who asks, and whether they may
rate_limit  requests a second
body_limit  size and duration of a body
headers     headers of every answer, and the hosts that are served
"""
