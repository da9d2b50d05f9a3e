"""Everything up to 0007 at once: a new database is made in a third of the time."""

import accounts.models.organization
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from offramps.migrations import _squashed


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("offramps", "0001_initial"),
        ("offramps", "0002_click_and_answer_on"),
        ("offramps", "0003_staff_may_look"),
        ("offramps", "0004_leads_roster_and_clock"),
        ("offramps", "0005_staff_may_look_at_the_roster"),
        ("offramps", "0006_notes_and_next_steps"),
        ("offramps", "0007_the_pool_a_manager_chose"),
    ]

    dependencies = [
        ("accounts", "0001_squashed_0022"),
        ("billing", "0001_squashed_0061"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandRaise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("legal", "Legal: contract, DPA, terms"),
                            ("security", "Security review"),
                            ("procurement", "Purchase order or procurement"),
                            ("discount", "Discount or volume"),
                            ("terms", "Payment terms or support"),
                            ("seats", "More seats than I can buy here"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "answers",
                    models.JSONField(default=dict, help_text="What the reason asked: {seats, message, needed_by, ...}"),
                ),
                ("contact_name", models.CharField(blank=True, max_length=120)),
                ("contact_email", models.EmailField(max_length=254)),
                ("contact_phone", models.CharField(blank=True, max_length=40)),
                ("channel", models.CharField(default="mail", help_text="phone, video or mail", max_length=10)),
                ("page", models.CharField(blank=True, help_text="Where it was raised.", max_length=200)),
                (
                    "basket",
                    models.JSONField(
                        default=dict, help_text="The priced cart at the click: plan, seats, interval, currency, total."
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("open", "Waiting"), ("closed", "Answered")], default="open", max_length=10),
                ),
                (
                    "click",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Id of the one click: a second is no second row.",
                        max_length=40,
                        null=True,
                        unique=True,
                    ),
                ),
                ("raised_at", models.DateTimeField()),
                ("answer_on", models.DateField(help_text="By the end of this day an answer by mail is promised.")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cart",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hand_raises",
                        to="billing.cart",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hand_raises",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "hand-raise",
                "verbose_name_plural": "hand-raises",
                "indexes": [models.Index(fields=["contact_email", "-raised_at"], name="hand_raise_of_contact")],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("segments", models.JSONField(blank=True, default=list, help_text="Empty: all.", verbose_name="segments")),
                ("regions", models.JSONField(blank=True, default=list, help_text="Empty: all.", verbose_name="regions")),
                ("is_fallback", models.BooleanField(default=False, verbose_name="catches the rest")),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="paused since")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "pool",
                "verbose_name_plural": "pools",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_fallback", True)), fields=("is_fallback",), name="pool_one_fallback"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_fallback", False), ("paused_at", None), _connector="OR"),
                        name="pool_fallback_never_paused",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("skills", models.JSONField(blank=True, default=list, verbose_name="skills")),
                ("regions", models.JSONField(blank=True, default=list, help_text="Empty: all.", verbose_name="regions")),
                ("lines", models.JSONField(blank=True, default=list, help_text="Empty: all.", verbose_name="product lines")),
                ("languages", models.JSONField(blank=True, default=list, verbose_name="languages")),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=10, help_text="Open cases at most; then no offers come.", verbose_name="capacity"
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                (
                    "phone",
                    models.CharField(blank=True, help_text="What customers see calling.", max_length=40, verbose_name="phone"),
                ),
                ("meeting_url", models.URLField(blank=True, verbose_name="video room")),
                (
                    "calendar_url",
                    models.URLField(
                        blank=True,
                        help_text="An iCal address whose events block call slots.",
                        max_length=500,
                        verbose_name="free/busy calendar",
                    ),
                ),
                (
                    "presence",
                    models.CharField(
                        choices=[("online", "Here"), ("offline", "Not here")],
                        default="offline",
                        max_length=8,
                        verbose_name="presence",
                    ),
                ),
                ("presence_at", models.DateTimeField(blank=True, null=True, verbose_name="since")),
                (
                    "presence_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("self", "The switch"),
                            ("passed", "Two offers went unanswered"),
                            ("shift", "The end of working hours"),
                            ("manager", "A manager"),
                        ],
                        max_length=8,
                        verbose_name="because of",
                    ),
                ),
                ("passed_in_a_row", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "left_on",
                    models.DateField(
                        blank=True, help_text="From that day on nothing is offered.", null=True, verbose_name="left on"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rep",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "rep",
                "verbose_name_plural": "reps",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("presence", "offline"), ("left_on", None), _connector="OR"),
                        name="rep_who_left_is_offline",
                    ),
                    models.CheckConstraint(condition=models.Q(("capacity__gte", 1)), name="rep_has_capacity"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="The vendor's own id of it, set through the API.",
                        max_length=120,
                        null=True,
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("legal", "Legal: contract, DPA, terms"),
                            ("security", "Security review"),
                            ("procurement", "Purchase order or procurement"),
                            ("discount", "Discount or volume"),
                            ("terms", "Payment terms or support"),
                            ("seats", "More seats than I can buy here"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                        verbose_name="topic",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("handed_back", "Handed back to the store"),
                            ("not_a_fit", "Not a fit"),
                        ],
                        default="open",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "priority",
                    models.PositiveSmallIntegerField(default=1, help_text="How many triggers it has.", verbose_name="priority"),
                ),
                ("contact_name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("contact_email", models.EmailField(max_length=254, verbose_name="mail address")),
                ("contact_phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                ("channel", models.CharField(default="mail", max_length=10, verbose_name="channel")),
                ("time_zone", models.CharField(default="UTC", help_text="Where the customer is.", max_length=64)),
                (
                    "segment",
                    models.CharField(
                        choices=[("smb", "Small business"), ("mid_market", "Mid-market"), ("enterprise", "Enterprise")],
                        max_length=12,
                        verbose_name="segment",
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("na", "North America"),
                            ("latam", "Latin America"),
                            ("europe", "Europe"),
                            ("mea", "Middle East and Africa"),
                            ("apac", "Asia and the Pacific"),
                        ],
                        max_length=10,
                        verbose_name="region",
                    ),
                ),
                ("language", models.CharField(default="en", max_length=10, verbose_name="language")),
                ("line", models.CharField(blank=True, max_length=40, verbose_name="product line")),
                ("basket", models.JSONField(default=dict, help_text="The priced cart at the latest click.")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ("outcome_reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                (
                    "cart",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="billing.cart",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="accounts.organization",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "chosen_pool",
                    models.ForeignKey(
                        blank=True,
                        help_text="A manager said whose it is.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offramps.pool",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="offramps.pool",
                        verbose_name="pool",
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to="offramps.rep",
                        verbose_name="rep",
                    ),
                ),
            ],
            options={
                "verbose_name": "lead",
                "verbose_name_plural": "leads",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["rep"], name="lead_open_of_rep"),
                    models.Index(condition=models.Q(("state", "open")), fields=["pool"], name="lead_open_of_pool"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id__isnull", False)),
                        fields=("organization", "external_id"),
                        name="lead_external_id_unique",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("organization__isnull", False), ("state", "open")),
                        fields=("organization", "topic"),
                        name="lead_open_of_organization",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("contact_email"),
                        models.F("topic"),
                        condition=models.Q(("organization", None), ("state", "open")),
                        name="lead_open_of_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="lead_over_is_dated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PoolMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", models.PositiveSmallIntegerField(default=1, verbose_name="weight")),
                (
                    "pool",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="members", to="offramps.pool"),
                ),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="pools", to="offramps.rep"),
                ),
            ],
            options={
                "verbose_name": "pool member",
                "verbose_name_plural": "pool members",
                "constraints": [
                    models.UniqueConstraint(fields=("pool", "rep"), name="pool_member_once"),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 1), ("weight__lte", 100)), name="pool_member_weight"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Leave",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vacation", "Vacation"),
                            ("sick", "Sick leave"),
                            ("holiday", "Public holiday"),
                            ("other", "Other"),
                        ],
                        default="vacation",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(help_text="The first day at work again.", verbose_name="back on")),
                (
                    "cover",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="covers",
                        to="offramps.rep",
                        verbose_name="covered by",
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="leave", to="offramps.rep"),
                ),
            ],
            options={
                "verbose_name": "leave",
                "verbose_name_plural": "leave",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="leave_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cover", models.F("rep")), _negated=True), name="leave_is_covered_by_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountOwnership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rep", "Rep"),
                            ("csm", "Customer success manager"),
                            ("pool", "Pool"),
                            ("strategic", "Strategic account manager"),
                        ],
                        max_length=9,
                        verbose_name="as",
                    ),
                ),
                (
                    "style",
                    models.CharField(
                        choices=[("hunter", "Wins new business"), ("farmer", "Grows what there is")],
                        default="farmer",
                        max_length=6,
                        verbose_name="style",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="owners", to="accounts.organization"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="offramps.pool",
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="offramps.rep",
                    ),
                ),
            ],
            options={
                "verbose_name": "account owner",
                "verbose_name_plural": "account owners",
                "indexes": [models.Index(condition=models.Q(("ends_at", None)), fields=["rep"], name="ownership_of_rep")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at", None)), fields=("organization", "kind"), name="ownership_one_of_a_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "pool"), ("pool__isnull", False), ("rep", None)),
                            models.Q(models.Q(("kind", "pool"), _negated=True), ("pool", None), ("rep__isnull", False)),
                            _connector="OR",
                        ),
                        name="ownership_by_a_rep_or_a_pool",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gte", models.F("starts_at")), _connector="OR"),
                        name="ownership_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weekday", models.PositiveSmallIntegerField(help_text="Monday is 0.", verbose_name="weekday")),
                ("starts_minute", models.PositiveSmallIntegerField(verbose_name="from")),
                ("ends_minute", models.PositiveSmallIntegerField(verbose_name="until")),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shifts", to="offramps.rep"),
                ),
            ],
            options={
                "verbose_name": "working hours",
                "verbose_name_plural": "working hours",
                "ordering": ["weekday", "starts_minute"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="shift_on_a_weekday"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_minute__lte", 1440), ("starts_minute__lt", models.F("ends_minute"))),
                        name="shift_within_its_day",
                    ),
                    models.UniqueConstraint(fields=("rep", "weekday", "starts_minute"), name="shift_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Countdown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ringing", "Looking for somebody"),
                            ("accepted", "Accepted"),
                            ("contacted", "Talking"),
                            ("slot", "A call is dated"),
                            ("over", "Over"),
                        ],
                        default="ringing",
                        max_length=9,
                    ),
                ),
                ("clicked_at", models.DateTimeField(verbose_name="detected")),
                ("deadline_at", models.DateTimeField(verbose_name="promised by")),
                ("routed_at", models.DateTimeField(blank=True, null=True, verbose_name="routed")),
                ("offered_at", models.DateTimeField(blank=True, null=True, verbose_name="offered")),
                ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                ("contacted_at", models.DateTimeField(blank=True, null=True, verbose_name="contacted")),
                ("slot_held_at", models.DateTimeField(blank=True, null=True, verbose_name="slot held")),
                ("is_dated", models.BooleanField(default=False)),
                ("is_offered_on", models.BooleanField(default=False)),
                ("offers_ran_until", models.DateTimeField(blank=True, null=True)),
                (
                    "missed_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nobody_present", "Nobody was there"),
                            ("nobody_answered", "Offers went unanswered"),
                            ("not_called", "Accepted and not called in time"),
                            ("slot_missed", "The dated call did not come"),
                        ],
                        max_length=16,
                        verbose_name="missed because",
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="countdowns", to="offramps.lead"
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="offramps.rep",
                        verbose_name="who calls",
                    ),
                ),
            ],
            options={
                "verbose_name": "countdown",
                "verbose_name_plural": "countdowns",
                "indexes": [
                    models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="countdown_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("ringing", "accepted", "slot"))),
                        fields=("lead",),
                        name="countdown_one_of_a_lead",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "accepted"), _negated=True), ("rep__isnull", False), _connector="OR"
                        ),
                        name="countdown_accepted_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "contacted"), _negated=True), ("contacted_at__isnull", False), _connector="OR"
                        ),
                        name="countdown_contact_dated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LeadNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000)),
                ("at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="offramps.lead"),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
            },
        ),
        migrations.CreateModel(
            name="LeadTrigger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "hand_raise",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="trigger",
                        to="offramps.handraise",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="triggers", to="offramps.lead"),
                ),
            ],
            options={
                "verbose_name": "trigger",
                "verbose_name_plural": "triggers",
            },
        ),
        migrations.CreateModel(
            name="NextStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="offramps.lead"),
                ),
            ],
            options={
                "verbose_name": "next step",
                "verbose_name_plural": "next steps",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at", None)), fields=("lead",), name="next_step_one_of_a_lead"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(help_text="As offramps.rules.routing.Step.", max_length=10)),
                (
                    "eligible",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "explained",
                    models.JSONField(default=dict, help_text="Who was passed over and why, shares and debts of the turn."),
                ),
                ("offered_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("passed", "Not answered"),
                            ("taken", "Somebody else was first"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                ("outcome_at", models.DateTimeField(blank=True, null=True)),
                (
                    "countdown",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="offers", to="offramps.countdown"
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="offramps.pool"
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="offramps.rep"),
                ),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "indexes": [models.Index(fields=["pool", "-id"], name="offer_turns_of_pool")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("countdown",), name="offer_one_rings_of_a_countdown"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("rep",), name="offer_one_rings_at_a_rep"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("outcome_at", None)),
                            models.Q(models.Q(("outcome", ""), _negated=True), ("outcome_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="offer_outcome_dated",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=accounts.models.organization.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("kept", "Kept"),
                            ("missed", "Missed"),
                            ("cancelled", "Cancelled"),
                            ("moved", "Moved"),
                            ("released", "Not needed any more"),
                        ],
                        default="held",
                        max_length=9,
                    ),
                ),
                ("held_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "sequence",
                    models.PositiveSmallIntegerField(default=0, help_text="Of the calendar entry: each move adds one."),
                ),
                (
                    "countdown",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="offramps.countdown"
                    ),
                ),
                (
                    "rep",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="slots", to="offramps.rep"),
                ),
            ],
            options={
                "verbose_name": "call slot",
                "verbose_name_plural": "call slots",
                "indexes": [
                    models.Index(condition=models.Q(("state", "held")), fields=["rep", "starts_at"], name="slot_held_of_rep")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="slot_ends_after_start"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "held")), fields=("countdown",), name="slot_one_held_of_a_countdown"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "held")), fields=("rep", "starts_at"), name="slot_one_held_at_once"
                    ),
                ],
            },
        ),
        *_squashed.OPERATIONS,
    ]
