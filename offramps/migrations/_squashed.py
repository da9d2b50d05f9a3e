"""What the squashed migration does beside tables: what the staff's groups may."""

from accounts import staff_groups

PERMISSIONS = {
    "support": """
        view_accountownership view_callslot view_countdown view_handraise view_lead view_leadtrigger view_leave
        view_offer view_pool view_poolmember view_rep view_workinghours
    """,
    "rep": """
        view_accountownership view_callslot view_countdown view_handraise view_lead view_leadtrigger view_leave
        view_offer view_pool view_poolmember view_rep view_workinghours
    """,
    "manager": """
        add_pool add_rep change_accountownership change_pool change_rep view_accountownership view_callslot
        view_countdown view_handraise view_lead view_leadtrigger view_leave view_offer view_pool view_poolmember
        view_rep view_workinghours
    """,
    "csm": """
        view_accountownership view_callslot view_countdown view_handraise view_lead view_leadtrigger view_leave
        view_offer view_pool view_poolmember view_rep view_workinghours
    """,
    "revenue_operations": """
        add_pool add_rep change_accountownership change_pool change_rep view_accountownership view_callslot
        view_countdown view_handraise view_lead view_leadtrigger view_leave view_offer view_pool view_poolmember
        view_rep view_workinghours
    """,
}

OPERATIONS = [staff_groups.grant("offramps", {group: words.split() for group, words in PERMISSIONS.items()})]
