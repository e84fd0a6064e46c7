"""Single sign-on by OpenID Connect: authorization code flow with PKCE (docs/people.md, ADR 018).

`setup` reads huaxiang.yaml, `provider` talks to the provider, `id_token` checks what it signs, `login` decides who comes in.
"""
