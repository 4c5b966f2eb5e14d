"""Words that office sheets are made of."""

from __future__ import annotations

NAMES = (
    "Ostermann", "Vollmer", "Brandt", "Lindqvist", "Moreau", "Dubois", "Serrano", "Iglesias",
    "Whitfield", "Harrington", "Novak", "Kowalski", "Rossi", "Bianchi", "Almeida", "Teixeira",
    "Janssen", "Verhoeven", "Petersen", "Halvorsen", "Baumgartner", "Castellano", "Fitzgerald",
    "McAllister", "Zimmermann", "Delacroix", "Okafor", "Nakamura", "Villanueva", "Schreiber",
)  # fmt: skip
FIRST = (
    "Anna", "Bernd", "Carla", "David", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jonas",
    "Karin", "Luis", "Maria", "Nils", "Olga", "Pedro", "Quentin", "Rosa", "Stefan", "Teresa",
)  # fmt: skip
TOWNS = (
    "Bremen", "Verden", "Oldenburg", "Sevilla", "Burgos", "Lyon", "Rennes", "Leeds", "Norwich",
    "Porto", "Braga", "Torino", "Bologna", "Utrecht", "Arnhem", "Aarhus", "Bergen", "Graz", "Linz",
    "Saint-Malo", "Bad Homburg", "New Haven", "San Marcos", "Le Havre",
)  # fmt: skip
GOODS = (
    "Copy paper A4, white", "Toner cartridge, black", "Hanging files, 25 pieces", "Ball pen, blue",
    "Desk lamp with clamp", "Oak shelf, 90 cm", "Wall bracket, steel", "Cable drum 25 m",
    "Screws 4 x 40, box of 200", "Door handle, brass", "Hinge, left", "Window seal, per metre",
    "Paint, matt white, 10 l", "Brush, flat, 60 mm", "Sanding disc P120", "Work gloves, size 9",
    "Safety goggles", "Ladder, 7 steps", "Garden hose 20 m", "Watering can", "Spade, ash handle",
    "Coffee, ground, 500 g", "Tea, Assam", "Sugar, 1 kg", "Mineral water, crate", "Apple juice",
)  # fmt: skip
MORE = (
    "delivered to the second floor and put up on the day of delivery",
    "in the colour of the sample that was sent to you in March",
    "replacement for the piece that was found broken on arrival",
    "including fixing material, without tools and without scaffolding",
    "as agreed by telephone with Mrs Harrington of your office",
)
BOOKED = (
    "Transfer to landlord", "Card payment supermarket", "Salary", "Standing order gym",
    "Direct debit electricity", "Cash machine", "Refund mail order", "Insurance premium",
    "Account fees", "Transfer from savings", "Card payment petrol station", "Tax refund",
    "Direct debit telephone", "Interest", "Rent deposit", "Card payment pharmacy",
)  # fmt: skip
STATIONS = (
    "Old Quay", "Mill Island", "Lighthouse", "Sandholm", "North Bridge", "Town Hall", "Hospital",
    "University", "Market Square", "Castle Hill", "Airport", "Central Station", "Harbour Street",
    "Botanic Garden", "Fair Ground", "West Cemetery", "Stadium", "Brewery Lane", "Ferry Pier",
)  # fmt: skip
STATES = (
    "Iowa", "Ohio", "Texas", "Kansas", "Oregon", "Nebraska", "Montana", "Missouri", "Idaho",
    "North Dakota", "South Dakota", "New York", "Wisconsin", "Minnesota", "Colorado", "Virginia",
)  # fmt: skip
SENTENCES = (
    "Please transfer the amount within fourteen days to the account that is named below.",
    "We thank you for your order and remain at your disposal for any question that you may have.",
    "Objections against this statement have to reach us in writing within six weeks of its date.",
    "All figures are in thousands and have been rounded, so that sums may differ by one.",
    "Goods remain our property until they are paid in full; the place of jurisdiction is Bremen.",
    "The following items were delivered to you in the course of last month, as you had ordered.",
    "Services on public holidays are those of a Sunday; in fog the ferry does not call at the"
    " pier.",
)
