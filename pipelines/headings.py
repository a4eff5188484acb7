"""What people call the columns of the contract: headings of other systems, in English and German."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from pipelines.tables import TABLES, kinds, required_columns

__all__ = ["SYNONYMS", "guess_columns", "guess_table", "plain_heading"]

# Column of the contract -> what it is called elsewhere, in plain form; the first names fit best.
SYNONYMS: Final[dict[str, str]] = {
    "sku": "artikelnummer artikelnr artikel artnr item itemno itemnumber itemid article articleno product productid "
    "productcode stockcode material materialnummer materialno part partno partnumber teilenummer sachnummer",
    "location": "lager lagerort standort filiale werk store warehouse site depot plant branch shop storeid ort",
    "quantity": "menge qty units stück stueck anzahl absatz verkaufsmenge bestellmenge sold unitssold demand sales "
    "amount orderedquantity orderqty liefermenge",
    "date": "datum tag day invoicedate verkaufsdatum buchungsdatum postingdate saledate belegdatum woche week monat "
    "month orderdate periode period datetime",
    "in_stock": "verfügbar verfuegbar available instock lieferbar",
    "channel": "kanal vertriebskanal saleschannel vertriebsweg",
    "price": "preis verkaufspreis unitprice saleprice",
    "supplier": "lieferant lieferantennummer lieferantennr kreditor vendor vendorid supplierid supplierno",
    "lead_time_days": "lieferzeit wiederbeschaffungszeit wbz leadtime lieferzeittage deliverytime",
    "lead_time_sd_days": "lieferzeitstreuung leadtimesd",
    "unit_cost": "einkaufspreis ek ekpreis einstandspreis stückkosten cost costprice purchaseprice standardcost",
    "unit_price": "verkaufspreis vk vkpreis listenpreis listprice salesprice price preis",
    "order_cost": "bestellkosten orderingcost",
    "holding_rate": "lagerkostensatz holdingrate carryingrate",
    "moq": "mindestbestellmenge mindestmenge minimumorderquantity minorderqty minqty",
    "pack_size": "verpackungseinheit ve gebindegröße gebinde packsize casesize lotsize packungsgröße",
    "max_stock": "höchstbestand maximalbestand maxbestand maximumstock",
    "review_days": "bestellrhythmus reviewinterval",
    "target": "zielwert servicegrad",
    "category": "warengruppe artikelgruppe kategorie group productgroup itemgroup department family",
    "discontinued_on": "auslaufdatum enddate endofsale",
    "available_from": "startdatum launchdate verfügbarab",
    "uom": "mengeneinheit einheit me unit unitofmeasure",
    "currency": "währung waehrung",
    "on_hand": "bestand lagerbestand istbestand stock onhand stockonhand qtyonhand inventory quantityonhand soh "
    "verfügbarerbestand stocklevel menge quantity qty",
    "as_of": "stichtag bestandsdatum zähldatum countdate snapshotdate datum date",
    "allocated": "reserviert zugesagt reserved committed",
    "due_date": "liefertermin lieferdatum fällig faellig eta duedate deliverydate expected expecteddate arrivaldate",
    "ordered_on": "bestelldatum bestelltam orderdate ordered auftragsdatum podate bestellt",
    "received_on": "wareneingang wareneingangsdatum eingangsdatum receiptdate received receiveddate deliveredon",
    "promised_on": "zugesagtertermin promiseddate confirmeddate bestätigtertermin",
    "po": "bestellnummer bestellnr bestellung purchaseorder ponumber pono",
    "order_id": "auftrag auftragsnummer auftragsnr order orderno ordernumber salesorder",
    "line": "position pos zeile orderline lineno",
    "customer": "kunde kundennummer kundennr customerid customerno debitor",
    "priority": "priorität prioritaet prio",
    "requested_on": "wunschtermin requesteddate requireddate",
    "shipped_quantity": "gelieferteMenge geliefert shipped shippedqty deliveredquantity",
    "shipped_on": "versanddatum shipdate shippeddate versandt",
    "cancelled_on": "storniertam stornodatum canceldate cancelled",
    "name": "bezeichnung ereignis event holiday feiertag",
    "substitute": "ersatz ersatzartikel alternative",
    "ratio": "faktor verhältnis factor",
    "from_location": "vonlager quelle source fromwarehouse",
    "to_location": "nachlager ziel destination towarehouse",
    "counted_on": "zähldatum inventurdatum countdate",
    "book": "sollbestand buchbestand bookstock systemqty",
    "counted": "gezählt zählmenge countedqty",
    "promotion": "aktion promo",
    "uplift": "mehrabsatz",
    "min_order_value": "mindestbestellwert minimumordervalue",
}  # fmt: skip


def plain_heading(text: str) -> str:
    """A heading without case, spaces and signs: ``Artikel-Nr.`` becomes ``artikelnr``."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def guess_columns(table: str, headings: Sequence[str]) -> dict[str, str]:
    """Columns of a table -> the headings that seem to be meant; each heading once, exact names first."""
    found = {heading: heading for heading in headings if heading in kinds(table)}
    free = {plain_heading(h): h for h in reversed(headings) if h not in found}
    names = [*required_columns(table), *(n for n in kinds(table) if n not in required_columns(table))]
    for name in names:
        words = [name.replace("_", ""), *map(plain_heading, SYNONYMS.get(name, "").split())]
        word = next((w for w in words if w in free), None)
        if name not in found and word is not None:
            found[name] = free.pop(word)
    return {name: found[name] for name in kinds(table) if name in found}


def guess_table(headings: Sequence[str], file_name: str) -> str | None:
    """The table that headings fit best, or None: all it needs must be there, and most headings should be known.

    A file whose name begins with the table's wins a tie; then the table whose needs are greater.
    """
    name = plain_heading(file_name)
    best: tuple[float, int, int, int] | None = None
    table_found: str | None = None
    for k, table in enumerate(TABLES):
        found = guess_columns(table, headings)
        if not set(required_columns(table)) <= set(found):
            continue
        named = any(plain_heading(word) in name for word in (table, *_FILE_WORDS.get(table, "").split()))
        needed = required_columns(table)
        exact = sum(column == heading for column, heading in found.items())
        rank = (float(named), len(found) + exact, len(needed), -k)
        if best is None or rank > best:
            best, table_found = rank, table
    return table_found


_FILE_WORDS: Final[dict[str, str]] = {
    "sales": "verkauf verkäufe umsatz absatz transactions demand",
    "items": "artikel artikelstamm products articles materials",
    "suppliers": "lieferanten vendors",
    "receipts": "wareneingänge wareneingang",
    "stock": "bestand bestände lagerbestand inventory",
    "open_orders": "offenebestellungen bestellungen purchaseorders",
    "customer_orders": "kundenaufträge aufträge salesorders",
    "events": "feiertage ereignisse calendar",
    "returns": "retouren rückgaben",
    "stock_counts": "inventur",
}
