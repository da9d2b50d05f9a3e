"""The people of the tests: acme's owner, billing admin and member; globex's owner, a stranger to acme; and the staff.

    def test_x(cast, client):
        client.force_login(cast.owner)

The fixture `cast` is in tests/conftest.py or, until it is there: `cast = assemble()`.
"""

from dataclasses import dataclass, field
from functools import cached_property

from django.contrib.auth.models import Group

from accounts.models import ApiKey, Membership, Organization, Role, User
from tests import factories


@dataclass
class Cast:
    acme: Organization
    globex: Organization
    owner: User
    billing_admin: User
    member: User
    stranger: User
    newcomer: User
    """Signed up, in no organization."""
    staff: dict[str, User] = field(default_factory=dict)

    def membership(self, user: User) -> Membership:
        return Membership.objects.live().get(user=user)

    def staff_member(self, group: str) -> User:
        """Somebody of one staff group (support, rep, manager, csm, finance, revenue_operations, marketing)."""
        if group not in self.staff:
            person = factories.UserFactory(email=f"{group}@vendor.example", name=group.replace("_", " ").title(), is_staff=True)
            person.groups.add(Group.objects.get(name=group))
            self.staff[group] = person
        return self.staff[group]

    @cached_property
    def admin(self) -> User:
        return factories.UserFactory(email="admin@vendor.example", name="Admin", is_staff=True, is_superuser=True)

    @cached_property
    def organization_key(self) -> ApiKey:
        return factories.ApiKeyFactory(organization=self.acme)

    @cached_property
    def vendor_key(self) -> ApiKey:
        return factories.ApiKeyFactory()


def assemble() -> Cast:
    acme = factories.OrganizationFactory(name="Acme", domain="acme.example", external_id="acme-1")
    globex = factories.OrganizationFactory(
        name="Globex", domain="globex.example", country="US", region="na", time_zone="America/New_York"
    )
    people = {
        "owner": factories.UserFactory(email="owner@acme.example", name="Olive Owner"),
        "billing_admin": factories.UserFactory(email="billing@acme.example", name="Bill Admin"),
        "member": factories.UserFactory(email="member@acme.example", name="Mia Member"),
        "stranger": factories.UserFactory(email="owner@globex.example", name="Stan Stranger"),
        "newcomer": factories.UserFactory(email="new@initech.example", name="Nora New"),
    }
    for role in (Role.OWNER, Role.BILLING_ADMIN, Role.MEMBER):
        factories.MembershipFactory(organization=acme, user=people[role.value], role=role)
    factories.MembershipFactory(organization=globex, user=people["stranger"], role=Role.OWNER)
    return Cast(acme=acme, globex=globex, **people)
