"""manage.py adopt: contracts that were sold elsewhere move in. See docs/moving-in.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.origin import Origin, Source
from billing import gateway
from billing.queries import adoptions
from billing.rules import adoption as rules
from billing.services.adopting import adopting, contracts, releasing, stripe_contracts
from config import clock

SHOWN: Final = 200


class Command(BaseCommand):
    """Without --write and --release nothing is written: neither here nor at Stripe."""

    help = "Take over contracts of a CSV file, or write one of what Stripe has; say in words what would happen; release them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="the contracts, as docs/moving-in.md describes them")
        parser.add_argument("--write", action="store_true", help="take them over; without it: only say what would happen")
        parser.add_argument("--partly", action="store_true", help="take over the lines that are right, though others are not")
        parser.add_argument("--from-stripe", type=Path, metavar="FILE", help="write a file of Stripe's subscriptions")
        parser.add_argument("--release", action="store_true", help="let what was taken over begin: the second command")
        parser.add_argument("--reference", action="append", default=[], help="only this contract; may be given again")
        parser.add_argument("--most", type=int, help="release so many at once, the oldest first")
        parser.add_argument("--by", metavar="E-MAIL", help="the member of staff who takes over or releases")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["from_stripe"]:
                self._from_stripe(options["from_stripe"])
            elif options["release"]:
                self._release(_staff(options["by"]), options["reference"], options["most"])
            elif options["file"]:
                self._adopt(options)
            else:
                self._say_board()
        except gateway.GatewayError as error:
            raise CommandError(f"Stripe did not answer: {error.message}. Nothing was written; run the command again.") from None

    def _from_stripe(self, file: Path) -> None:
        found = stripe_contracts.read()
        file.write_text(rules.written(found), encoding="utf-8")
        self.stdout.write(f"{len(found)} subscriptions written to {file}. Fill in what is empty, then: manage.py adopt {file}")

    def _adopt(self, options: dict[str, Any]) -> None:
        by = _staff(options["by"]) if options["write"] else None
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}. Save it as UTF-8.") from None
        at = clock.now()
        plan = contracts.plan(text, at=at)
        self._say(plan)
        if by is None:
            self.stdout.write("Nothing was written. With --write --by E-MAIL they are taken over.")
            return
        if plan.problems and not options["partly"]:
            raise CommandError(
                f"{len(plan.problems)} problems; nothing was written. Mend them, or take the other lines over with --partly."
            )
        count = adopting.adopt(plan.moves, by=by, origin=Origin(actor=by, source=Source.SYSTEM), at=at)
        self.stdout.write(
            f"{count} contracts taken over. Nothing is sent or charged before: manage.py adopt --release --by ..."
        )

    def _say(self, plan: contracts.Plan) -> None:
        for problem in plan.problems[:SHOWN]:
            self.stdout.write(str(problem))
        for move in plan.moves[:SHOWN]:
            self.stdout.write(
                adoptions.sentence(move.contract, move.list_minor, move.agreed, is_known=move.organization is not None)
            )
        left = max(len(plan.problems) - SHOWN, 0) + max(len(plan.moves) - SHOWN, 0)
        if left:
            self.stdout.write(f"... and {left} more.")
        self.stdout.write(
            f"{len(plan.moves)} contracts can be taken over, {len(plan.known)} were before, {len(plan.problems)} problems."
        )

    def _release(self, by: User, references: list[str], most: int | None) -> None:
        origin = Origin(actor=by, source=Source.SYSTEM)
        found = releasing.release(by=by, origin=origin, at=clock.now(), references=references, most=most)
        for reference, why in found.left[:SHOWN]:
            self.stdout.write(f"{reference}: {why}")
        self.stdout.write(f"{found.count} contracts are being released, {len(found.left)} left. The pulse sends them.")

    def _say_board(self) -> None:
        for line in adoptions.board_lines():
            self.stdout.write(line)


def _staff(email: str | None) -> User:
    if not email:
        raise CommandError("Say who you are: --by E-MAIL, a member of staff.")
    found = User.objects.filter(email__iexact=email, is_staff=True, is_active=True).first()
    if found is None:
        raise CommandError(f"{email} is no member of staff here.")
    return found
