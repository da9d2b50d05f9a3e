"""From the vendor's own product into the store and back: the sample product of the demo, and the API behind it."""

from tests.journeys.conftest import PHONE


def test_manage_billing_and_back(visit, shoot, product_url):
    page = visit()
    page.goto(product_url)
    page.get_by_role("button", name="Olive Ardent").click()
    page.get_by_role("heading", name="Your work").wait_for()
    assert page.get_by_text("Single sign-on (locked)").is_visible()
    assert page.get_by_text("Not part of your plan.").first.is_visible()
    shoot(page, "product")
    page.get_by_role("button", name="Manage billing").click()
    page.get_by_role("link", name="Back to Fieldnote").wait_for()
    assert "Acme Roofing" in page.content()
    assert page.get_by_text("no seat").count() == 0, "the demo's people have what their company pays for"
    shoot(page, "store-from-product")
    page.get_by_role("link", name="Back to Fieldnote").click()
    page.get_by_text("Welcome back from the store.").wait_for()


def test_a_member_without_billing_rights_is_shown_no_way_to_bills(visit, shoot, product_url):
    page = visit(PHONE)
    page.goto(product_url)
    page.get_by_role("button", name="Mia Fieldhouse").click()
    page.get_by_role("heading", name="Your work").wait_for()
    assert page.get_by_role("button", name="Manage billing").count() == 0
    shoot(page, "product-member")
