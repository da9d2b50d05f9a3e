"""The buyer's addresses. Names are in docs/house.md; nouns, with the verb in the method."""

from django.urls import URLPattern, path

from storefront.views import api_keys, cart, invitations, legal, members, organizations, pricing, talk, team

app_name = "storefront"

urlpatterns: list[URLPattern] = [
    path("organizations/new/", organizations.new, name="organization_new"),
    path("organizations/current/", organizations.switch, name="organization_switch"),
    path("settings/organization/", organizations.settings, name="organization_settings"),
    path("settings/api-keys/", api_keys.listing, name="api_keys"),
    path("settings/api-keys/<int:key_id>/rotation/", api_keys.rotation, name="api_key_rotation"),
    path("settings/api-keys/<int:key_id>/revocation/", api_keys.revocation, name="api_key_revocation"),
    path("team/", team.team, name="team"),
    path("team/invitations/", team.invitations, name="team_invitations"),
    path("team/invitations/<int:invitation_id>/sends/", invitations.sends, name="invitation_sends"),
    path("team/invitations/<int:invitation_id>/revocation/", invitations.revocation, name="invitation_revocation"),
    path("team/members/<int:membership_id>/role/", members.role, name="member_role"),
    path("team/members/<int:membership_id>/removal/", members.removal, name="member_removal"),
    path("team/leaving/", members.leaving, name="team_leaving"),
    path("team/ownership/", members.ownership, name="ownership"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("legal/<slug:kind>/", legal.document, name="legal"),
    path("pricing/", pricing.pricing_page, name="pricing"),
    path("header/", pricing.header, name="header"),
    path("cart/", cart.cart, name="cart"),
    path("cart/new/", cart.new, name="cart_new"),
    path("talk/", talk.talk, name="talk"),
    path("talk/<slug:public_id>/", talk.raised, name="talk_raised"),
]
