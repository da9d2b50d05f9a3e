"""What the pages say, in English and German. The English text is the key; the sandbox has no gettext."""

import re
from dataclasses import dataclass

LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Say:
    """The words of one language: ``say("Pay {amount}", amount="$5.00")``."""

    language: str

    def __call__(self, text: str, **values: object) -> str:
        found = GERMAN[text] if self.language == "de" else text
        return found.format(**values) if values else found


def choose(locale: str | None, accept_language: str = "") -> Say:
    """The language of a page: the object's own locale, else (none or "auto") the first the browser accepts, else English."""
    wanted = [locale] if locale and locale != "auto" else re.findall(r"[A-Za-z-]+(?=[;,]|$)", accept_language)
    languages = [each.partition("-")[0].lower() for each in wanted]
    return Say(next((language for language in languages if language in LANGUAGES), "en"))


GERMAN = {
    # frame
    "SANDBOX, no money moves": "SANDBOX, es fließt kein Geld",
    "This page stands in for Stripe's own. Cards are test cards, charges are pretended.": (
        "Diese Seite steht für die von Stripe. Karten sind Testkarten, Zahlungen sind gespielt."
    ),
    # checkout
    "Subscribe to {name}": "{name} abonnieren",
    "Save a card": "Karte hinterlegen",
    "Save how you pay": "Zahlungsart hinterlegen",
    "Save this": "Zahlungsart speichern",
    # bank accounts
    "Pay with": "Bezahlen mit",
    "SEPA Direct Debit": "SEPA-Lastschrift",
    "US bank account": "Bankkonto in den USA",
    "IBAN": "IBAN",
    "Routing number": "Routing-Nummer",
    "Account number": "Kontonummer",
    "Name of the account's holder": "Name des Kontoinhabers",
    "Type the name of the account's holder.": "Geben Sie den Namen des Kontoinhabers ein.",
    "Type the IBAN, for example DE89 3704 0044 0532 0130 00.": (
        "Geben Sie die IBAN ein, zum Beispiel DE89 3704 0044 0532 0130 00."
    ),
    "Type the digits as they are on a cheque.": "Geben Sie die Ziffern ein, wie sie auf einem Scheck stehen.",
    (
        "By going on you allow {name} to collect payments from this account by SEPA Direct Debit, now and for later invoices. "
        "Your bank gives an amount back within 8 weeks if you ask for it."
    ): (
        "Damit ermächtigen Sie {name}, Zahlungen von diesem Konto per SEPA-Lastschrift einzuziehen, jetzt und für spätere "
        "Rechnungen. Ihre Bank erstattet einen Betrag innerhalb von 8 Wochen, wenn Sie es verlangen."
    ),
    ("By going on you allow {name} to debit this account, now and for later invoices. You can take that back at any time."): (
        "Damit erlauben Sie {name}, dieses Konto zu belasten, jetzt und für spätere Rechnungen. Sie können das jederzeit "
        "widerrufen."
    ),
    "Test accounts": "Testkonten",
    "Any name will do; the days pass when the clock is moved.": (
        "Jeder Name genügt; die Tage vergehen, wenn die Uhr gestellt wird."
    ),
    "Is paid after 5 working days": "Wird nach 5 Werktagen bezahlt",
    "Fails after 5 working days": "Scheitert nach 5 Werktagen",
    "Lacks funds after 5 working days": "Ist nach 5 Werktagen nicht gedeckt",
    "Is paid after 4 working days": "Wird nach 4 Werktagen bezahlt",
    "Lacks funds after 4 working days": "Ist nach 4 Werktagen nicht gedeckt",
    "Is closed, after 4 working days": "Ist geschlossen, nach 4 Werktagen",
    "Allows no debits, after 4 working days": "Erlaubt keine Lastschriften, nach 4 Werktagen",
    "Is paid, and taken back at the bank": "Wird bezahlt und bei der Bank zurückgeholt",
    "Is over the account's limit, at once": "Übersteigt den Rahmen des Kontos, sofort",
    "The bank account's limit is reached.": "Der Rahmen des Bankkontos ist erreicht.",
    "Nothing was collected. Use another account, or a card.": (
        "Es wurde nichts eingezogen. Nehmen Sie ein anderes Konto oder eine Karte."
    ),
    "The IBAN is incorrect.": "Die IBAN ist falsch.",
    "Check it, letter by letter. Test accounts are listed below.": (
        "Prüfen Sie sie Zeichen für Zeichen. Testkonten stehen unten."
    ),
    "The bank account is not known here.": "Das Bankkonto ist hier nicht bekannt.",
    "Use one of the test accounts that are listed below.": "Nehmen Sie eines der Testkonten, die unten stehen.",
    "A bank is collecting {amount}. That takes some working days.": (
        "Eine Bank zieht {amount} ein. Das dauert einige Werktage."
    ),
    "Being collected": "Wird eingezogen",
    "Paid by": "Bezahlt mit",
    "Mandate": "Mandat",
    # portal
    "Billing of {name}": "Abrechnung von {name}",
    "This page has run out": "Diese Seite ist abgelaufen",
    "Go back and open it anew.": "Gehen Sie zurück und öffnen Sie sie neu.",
    "Nothing pays yet.": "Es ist noch keine Zahlungsart hinterlegt.",
    "Pay with another card": "Mit einer anderen Karte bezahlen",
    "Invoices": "Rechnungen",
    "No invoices yet.": "Noch keine Rechnungen.",
    "Creditor": "Gläubiger",
    "Account": "Konto",
    "Holder": "Inhaber",
    "Reference": "Referenz",
    "Allowed on": "Erteilt am",
    "In force": "In Kraft",
    "yes": "ja",
    "no": "nein",
    "Back to {name}": "Zurück zu {name}",
    "Back": "Zurück",
    "What you buy": "Was Sie kaufen",
    "Quantity {count}": "Menge {count}",
    "{amount} each": "je {amount}",
    "Price by quantity": "Preis nach Menge",
    "{first} and more": "ab {first}",
    "{first} to {last}": "{first} bis {last}",
    "{amount} each, plus {flat}": "je {amount}, dazu {flat}",
    "{flat} in all": "{flat} insgesamt",
    "All units cost what the tier of the whole quantity says.": "Alle Stück kosten, was die Stufe der Gesamtmenge sagt.",
    "Each tier's units cost what that tier says.": "Das Stück kostet, was seine Stufe sagt.",
    "Subtotal": "Zwischensumme",
    "Discount": "Rabatt",
    "Tax": "Steuer",
    "of which {tax}": "darin {tax}",
    "{tax} (reverse charge)": "{tax} (Steuerschuldnerschaft des Leistungsempfängers)",
    "after you choose your country": "nach Wahl Ihres Landes",
    "Free until {date}. Then {amount}.": "Kostenlos bis {date}. Danach {amount}.",
    "No card is needed today.": "Heute ist keine Karte nötig.",
    "Nothing is due today, and no card is asked for. You can add one at any time.": (
        "Heute ist nichts fällig und keine Karte nötig. Sie können jederzeit eine hinterlegen."
    ),
    "Start the free trial": "Kostenlos testen",
    "Your name": "Ihr Name",
    "The total has changed": "Der Betrag hat sich geändert",
    "Tax was added for the country you chose. Look at the total again before you pay.": (
        "Für das gewählte Land kam Steuer hinzu. Bitte prüfen Sie den Betrag, bevor Sie bezahlen."
    ),
    "Choose the kind of your tax id and type it.": "Wählen Sie die Art Ihrer Steuernummer, und geben Sie sie ein.",
    "This code is no longer valid.": "Dieser Code gilt nicht mehr.",
    "This code is for a first purchase only.": "Dieser Code gilt nur beim ersten Kauf.",
    "This code is for another customer.": "Dieser Code gilt für einen anderen Kunden.",
    "The minimum amount for this code is not reached.": "Der Mindestbetrag für diesen Code ist nicht erreicht.",
    "This code can't be used with this currency.": "Dieser Code gilt nicht in dieser Währung.",
    "Credited": "Gutgeschrieben",
    "Credit note {number}": "Gutschrift {number}",
    "For invoice {number}": "Zur Rechnung {number}",
    "Credited in all": "Gutgeschrieben insgesamt",
    "Due today": "Heute fällig",
    "per day": "pro Tag",
    "per week": "pro Woche",
    "per month": "pro Monat",
    "per year": "pro Jahr",
    "every {count} days": "alle {count} Tage",
    "every {count} weeks": "alle {count} Wochen",
    "every {count} months": "alle {count} Monate",
    "every {count} years": "alle {count} Jahre",
    "It is charged for later invoices. Nothing is charged now.": (
        "Spätere Rechnungen werden davon abgebucht. Jetzt wird nichts abgebucht."
    ),
    "Charged {interval} until you cancel.": "Wird {interval} abgebucht, bis Sie kündigen.",
    "Promotion code": "Aktionscode",
    "Apply": "Einlösen",
    "Remove {code}": "{code} entfernen",
    # contact and card
    "Contact": "Kontakt",
    "E-mail": "E-Mail",
    "Card": "Karte",
    "Card number": "Kartennummer",
    "Expiry (MM/YY)": "Gültig bis (MM/JJ)",
    "Security code": "Prüfziffer",
    "Name on the card": "Name auf der Karte",
    "Country": "Land",
    "Business purchase": "Kauf als Unternehmen",
    "Business name": "Name des Unternehmens",
    "Kind of tax id": "Art der Steuernummer",
    "Tax id": "Steuernummer",
    "No tax id": "Keine Steuernummer",
    "Pay {amount}": "{amount} bezahlen",
    "Subscribe, {amount} today": "Abonnieren, heute {amount}",
    "Save the card": "Karte speichern",
    # test cards
    "Test cards": "Testkarten",
    "Any security code and any expiry in the future will do.": "Jede Prüfziffer und jedes künftige Ablaufdatum passen.",
    "Use": "Nehmen",
    "Use the card {number}": "Die Karte {number} nehmen",
    "Use the account {number}": "Das Konto {number} nehmen",
    "What it does": "Was sie bewirkt",
    "Number": "Nummer",
    "Succeeds": "Gelingt",
    "Succeeds (Mastercard)": "Gelingt (Mastercard)",
    "Succeeds (American Express)": "Gelingt (American Express)",
    "Asks for 3-D Secure, each time": "Verlangt jedes Mal 3-D Secure",
    "Asks for 3-D Secure when it is saved": "Verlangt 3-D Secure beim Hinterlegen",
    "Asks for 3-D Secure, then lacks funds": "Verlangt 3-D Secure, dann fehlt die Deckung",
    "Is declined": "Wird abgelehnt",
    "Lacks funds": "Ohne Deckung",
    "Was reported lost": "Als verloren gemeldet",
    "Was reported stolen": "Als gestohlen gemeldet",
    "Has expired": "Ist abgelaufen",
    "Has a wrong security code": "Hat eine falsche Prüfziffer",
    "Fails while being processed": "Scheitert bei der Verarbeitung",
    "Can be saved, but fails when charged": "Lässt sich hinterlegen, scheitert beim Abbuchen",
    # what went wrong, and what to do
    "Your card was declined.": "Ihre Karte wurde abgelehnt.",
    "The bank gives no reason. Ask the bank, or use another card.": (
        "Die Bank nennt keinen Grund. Fragen Sie die Bank, oder nehmen Sie eine andere Karte."
    ),
    "Your card has insufficient funds.": "Ihre Karte hat nicht genug Deckung.",
    "Use another card, or try again once there is enough on this one.": (
        "Nehmen Sie eine andere Karte, oder versuchen Sie es wieder, sobald diese gedeckt ist."
    ),
    "Your card has expired.": "Ihre Karte ist abgelaufen.",
    "Check the expiry date, or use another card.": "Prüfen Sie das Ablaufdatum, oder nehmen Sie eine andere Karte.",
    "Your card's security code is incorrect.": "Die Prüfziffer Ihrer Karte stimmt nicht.",
    "Type the security code again: three digits on the back, four on the front of American Express.": (
        "Geben Sie die Prüfziffer erneut ein: drei Ziffern auf der Rückseite, bei American Express vier auf der Vorderseite."
    ),
    "An error occurred while processing your card.": "Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten.",
    "Try again in a little while.": "Versuchen Sie es in einigen Augenblicken erneut.",
    "Your card number is incorrect.": "Ihre Kartennummer stimmt nicht.",
    "Check the number, digit by digit. Test cards are listed below.": (
        "Prüfen Sie die Nummer Ziffer für Ziffer. Testkarten stehen weiter unten."
    ),
    "The bank did not confirm that it was you.": "Die Bank hat nicht bestätigt, dass Sie es waren.",
    "Nothing was charged. Try again, or use another card.": (
        "Es wurde nichts abgebucht. Versuchen Sie es erneut, oder nehmen Sie eine andere Karte."
    ),
    "Something does not fit yet.": "Etwas passt noch nicht.",
    "Nothing was charged. Correct it and try again.": "Es wurde nichts abgebucht. Ändern Sie es, und versuchen Sie es erneut.",
    "Type the card's number: 12 to 19 digits.": "Geben Sie die Kartennummer ein: 12 bis 19 Ziffern.",
    "Type the expiry as on the card, for example 12/34.": "Geben Sie das Ablaufdatum wie auf der Karte ein, etwa 12/34.",
    "Type the security code: 3 or 4 digits.": "Geben Sie die Prüfziffer ein: 3 oder 4 Ziffern.",
    "Type the name on the card.": "Geben Sie den Namen auf der Karte ein.",
    "Type an e-mail address, for example name@acme.example.": "Geben Sie eine E-Mail-Adresse ein, etwa name@acme.example.",
    "Choose a country.": "Wählen Sie ein Land.",
    "Type the tax id, or choose no tax id.": "Geben Sie die Steuernummer ein, oder wählen Sie keine Steuernummer.",
    "Type the business name.": "Geben Sie den Namen des Unternehmens ein.",
    "This code is not valid.": "Dieser Code gilt nicht.",
    # the end of a session
    "Everything is paid": "Alles ist bezahlt",
    "This checkout is complete. Nothing more is charged.": "Dieser Kauf ist abgeschlossen. Es wird nichts mehr abgebucht.",
    "Go on to {name}": "Weiter zu {name}",
    "This checkout has expired": "Dieser Kauf ist abgelaufen",
    "Nothing was charged. Go back and start again; what you chose is kept there.": (
        "Es wurde nichts abgebucht. Gehen Sie zurück, und beginnen Sie neu; Ihre Auswahl ist dort noch da."
    ),
    "Nothing here": "Hier ist nichts",
    "No page has this address. It may have been cut off when it was copied.": (
        "Unter dieser Adresse gibt es keine Seite. Vielleicht wurde sie beim Kopieren abgeschnitten."
    ),
    # 3-D Secure
    "Confirm with your bank": "Bei der Bank bestätigen",
    "In real life your bank asks here, in its app or by a code, whether it is you who pays.": (
        "Im Ernstfall fragt hier Ihre Bank, in ihrer App oder mit einem Code, ob Sie es sind."
    ),
    "Amount": "Betrag",
    "Merchant": "Händler",
    "Nothing is charged": "Es wird nichts abgebucht",
    "Complete authentication": "Bestätigen",
    "Fail authentication": "Ablehnen",
    "I agree to the terms of service of {name}.": "Ich stimme den Nutzungsbedingungen von {name} zu.",
    "Agree to the terms to go on.": "Stimmen Sie den Bedingungen zu, um fortzufahren.",
    "Receipt": "Beleg",
    "Paid on": "Bezahlt am",
    "Refunded": "Erstattet",
    "This question has been answered": "Diese Frage ist beantwortet",
    "Nothing is left to confirm. You can close this page.": (
        "Es gibt nichts mehr zu bestätigen. Sie können die Seite schließen."
    ),
    # invoices
    "Invoice {number}": "Rechnung {number}",
    "Draft invoice": "Rechnungsentwurf",
    "Draft": "Entwurf",
    "Open": "Offen",
    "Paid": "Bezahlt",
    "Void": "Storniert",
    "Uncollectible": "Uneinbringlich",
    "From": "Von",
    "To": "An",
    "Issued": "Ausgestellt",
    "Due": "Fällig",
    "Due by {date}": "Fällig bis {date}",
    "Description": "Beschreibung",
    "Quantity": "Menge",
    "Unit price": "Stückpreis",
    "Total": "Gesamt",
    "Paid from the credit": "Aus dem Guthaben bezahlt",
    "Kept as credit for later invoices": "Als Guthaben für spätere Rechnungen behalten",
    "Owed from earlier invoices": "Offen aus früheren Rechnungen",
    "Too small to charge, carried over": "Zu klein zum Abbuchen, wird übertragen",
    "Amount paid": "Bezahlt",
    "Amount due": "Zu zahlen",
    "{start} to {end}": "{start} bis {end}",
    "Download as PDF": "Als PDF herunterladen",
    "Pay this invoice": "Diese Rechnung bezahlen",
    "Pay by bank transfer": "Per Überweisung bezahlen",
    "Let the transfer arrive": "Die Überweisung eintreffen lassen",
    "Account holder": "Kontoinhaber",
    "BIC": "BIC",
    "Sort code": "Bankleitzahl (GB)",
    "Paid on {date}. Thank you.": "Bezahlt am {date}. Vielen Dank.",
    "This invoice was voided on {date}. Nothing is owed.": "Diese Rechnung wurde am {date} storniert. Es ist nichts zu zahlen.",
    "This invoice is a draft. It can be paid once it is finalized.": (
        "Diese Rechnung ist ein Entwurf. Sie kann bezahlt werden, sobald sie ausgestellt ist."
    ),
    "Nothing is owed on this invoice.": "Auf dieser Rechnung ist nichts zu zahlen.",
    "Page {page} of {pages}": "Seite {page} von {pages}",
}
