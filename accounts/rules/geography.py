"""Countries (ISO 3166-1 alpha-2) and the region each is sold to in."""

NORTH_AMERICA, LATIN_AMERICA, EUROPE, MIDDLE_EAST_AFRICA, ASIA_PACIFIC = "na", "latam", "europe", "mea", "apac"

_COUNTRIES = {
    NORTH_AMERICA: "BM CA GL PM PR US VI UM",
    LATIN_AMERICA: (
        "AG AI AR AW BB BL BO BQ BR BS BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM KN KY LC MF MQ MS MX NI PA PE "
        "PY SR SV SX TC TT UY VC VE VG"
    ),
    EUROPE: (
        "AD AL AT AX BA BE BG BV BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT "
        "NL NO PL PT RO RS RU SE SI SJ SK SM UA VA"
    ),
    MIDDLE_EAST_AFRICA: (
        "AE AM AO AZ BF BH BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GE GH GM GN GQ GW IL IQ IR JO KE KM KW LB LR LS LY "
        "MA MG ML MR MU MW MZ NA NE NG OM PS QA RE RW SA SC SD SH SL SN SO SS ST SY SZ TD TF TG TN TR TZ UG YE YT ZA ZM ZW"
    ),
    ASIA_PACIFIC: (
        "AF AQ AS AU BD BN BT CC CK CN CX FJ FM GU HK HM ID IN IO JP KG KH KI KP KR KZ LA LK MH MM MN MO MP MV MY NC NF NP NR "
        "NU NZ PF PG PH PK PN PW SB SG TH TJ TK TL TM TO TV TW UZ VN VU WF WS"
    ),
}
REGION_OF: dict[str, str] = {country: region for region, countries in _COUNTRIES.items() for country in countries.split()}


def region_of(country: str) -> str:
    """The region of an ISO code. Raises KeyError for a code that is no country's."""
    return REGION_OF[country]
