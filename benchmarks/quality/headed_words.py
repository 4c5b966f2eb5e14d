"""The words of documents that show how headings are set, by language; and lines that are none."""

from __future__ import annotations

WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("The committee", "A small group of members", "The new keeper", "Each of the parishes",
         "The surveyor of 1894", "Nobody in the office", "The second report"),
        ("described", "had not expected", "wrote down", "could hardly believe", "compared",
         "kept a list of", "repaired"),
        ("the wooden bridges of the valley", "the tables of the older survey",
         "what was left of the harbour wall", "the costs of three dry summers",
         "the letters that had come from the islands", "every gate along the canal"),
        ("before the rain set in", "with great care", "without asking for money",
         "in the years after the flood", "as the map on the wall shows", "for the second time"),
    ),
    "de": (
        ("Der Ausschuss", "Eine kleine Gruppe", "Die neue Verwalterin", "Jede der Gemeinden",
         "Der Vermesser von 1894", "Niemand im Amt", "Der zweite Bericht"),
        ("beschrieb", "erwartete", "notierte", "verglich", "verzeichnete", "sah"),
        ("die hölzernen Brücken des Tals", "die Tafeln der älteren Aufnahme",
         "den Rest der Hafenmauer", "die Kosten dreier trockener Sommer",
         "die Briefe von den Inseln", "jede Schleuse am Kanal"),
        ("vor dem großen Regen", "mit viel Sorgfalt", "ohne Geld dafür zu verlangen",
         "in den Jahren nach der Flut", "zum zweiten Mal", "wie die Karte es zeigt"),
    ),
    "fr": (
        ("Le comité", "Un petit groupe de membres", "La nouvelle gardienne", "Chaque paroisse",
         "L'arpenteur de 1894", "Personne au bureau", "Le second rapport"),
        ("décrit", "n'attendait pas", "compare", "note avec soin", "répare", "regarde"),
        ("les ponts de bois de la vallée", "les tables de l'ancien relevé",
         "ce qui reste du mur du port", "les dépenses de trois étés secs",
         "les lettres venues des îles", "chaque porte du canal"),
        ("avant la pluie", "sans demander d'argent", "dans les années qui suivent la crue",
         "pour la seconde fois", "comme le montre la carte", "au début de l'hiver"),
    ),
    "es": (
        ("El comité", "Un pequeño grupo", "La nueva guardesa", "Cada una de las parroquias",
         "El agrimensor de 1894", "Nadie en la oficina", "El segundo informe"),
        ("describe", "no esperaba", "anota", "compara con cuidado", "repara", "mira de nuevo"),
        ("los puentes de madera del valle", "las tablas del plano antiguo",
         "lo que queda del muro del puerto", "los gastos de tres veranos secos",
         "las cartas llegadas de las islas", "cada compuerta del canal"),
        ("antes de la lluvia", "sin pedir dinero", "en los años de la crecida",
         "por segunda vez", "como muestra el mapa", "a principios del invierno"),
    ),
    "it": (
        ("Il comitato", "Un piccolo gruppo", "La nuova custode", "Ognuna delle parrocchie",
         "Il geometra del 1894", "Nessuno in ufficio", "La seconda relazione"),
        ("descrive", "non aspettava", "annota", "confronta con cura", "ripara", "guarda"),
        ("i ponti di legno della valle", "le tavole del vecchio rilievo",
         "quanto resta del muro del porto", "le spese di tre estati asciutte",
         "le lettere arrivate dalle isole", "ogni chiusa del canale"),
        ("prima della pioggia", "senza chiedere denaro", "negli anni dopo la piena",
         "per la seconda volta", "come mostra la carta", "al principio dell'inverno"),
    ),
    "nl": (
        ("Het bestuur", "Een kleine groep leden", "De nieuwe sluiswachter", "Elk van de dorpen",
         "De landmeter van 1894", "Niemand op kantoor", "Het tweede verslag"),
        ("beschreef", "verwachtte", "noteerde", "vergeleek", "herstelde", "bekeek"),
        ("de houten bruggen van het dal", "de tabellen van de oude meting",
         "wat er over was van de havenmuur", "de kosten van drie droge zomers",
         "de brieven die van de eilanden kwamen", "elke sluis langs het kanaal"),
        ("voor de grote regen", "met veel zorg", "zonder om geld te vragen",
         "in de jaren na de vloed", "voor de tweede keer", "zoals de kaart laat zien"),
    ),
}  # fmt: skip
TITLES = {
    "en": "Bridges and Locks of the Upper Valley",
    "de": "Brücken und Schleusen im oberen Tal",
    "fr": "Ponts et écluses de la haute vallée",
    "es": "Puentes y esclusas del valle alto",
    "it": "Ponti e chiuse dell'alta valle",
    "nl": "Bruggen en sluizen in het bovendal",
}
HEADINGS = {
    "en": ("Sources and method", "The first survey", "Materials", "Costs of repair",
           "Who was responsible", "Timber and stone", "Results", "Floods since 1850",
           "Discussion", "Tolls", "The keepers' houses", "Open questions", "Outlook"),
    "de": ("Quellen und Verfahren", "Die erste Aufnahme", "Baustoffe", "Kosten der Pflege",
           "Zuständigkeit", "Holz und Stein", "Ergebnisse", "Hochwasser seit 1850",
           "Erörterung", "Zölle", "Die Häuser der Wärter", "Offene Fragen", "Ausblick"),
    "fr": ("Sources et méthode", "Le premier relevé", "Les matériaux", "Le coût des travaux",
           "Les responsables", "Le bois et la pierre", "Résultats", "Les crues depuis 1850",
           "Discussion", "Les péages", "Maisons des gardiens", "Questions ouvertes",
           "Perspectives"),
    "es": ("Fuentes y método", "El primer plano", "Los materiales", "El coste de las obras",
           "Los responsables", "La madera y la piedra", "Resultados", "Las crecidas desde 1850",
           "Discusión", "Los peajes", "Casas de los guardas", "Preguntas abiertas",
           "Perspectivas"),
    "it": ("Fonti e metodo", "Il primo rilievo", "I materiali", "Il costo dei lavori",
           "I responsabili", "Il legno e la pietra", "Risultati", "Le piene dal 1850",
           "Discussione", "I pedaggi", "Le case dei custodi", "Domande aperte", "Prospettive"),
    "nl": ("Bronnen en werkwijze", "De eerste meting", "Bouwstoffen", "Kosten van onderhoud",
           "Wie verantwoordelijk was", "Hout en steen", "Uitkomsten", "Hoog water sinds 1850",
           "Bespreking", "Tolgelden", "De huizen van de wachters", "Open vragen", "Vooruitzicht"),
}  # fmt: skip
# Lines between paragraphs that are no headings.
OTHERS = (
    "#block[Miss Edith Harmer \\ 14 Tanner Row \\ Marsham NR10]",
    "#block(above: 1.2em, below: 1.2em)[#align(center)[#rect(width: 50%, height: 22mm,"
    " fill: luma(190))\n#text(size: 0.9em)[_Figure 2: The lock in 1894_]]]",
    "/ Sluice: a gate that slides.\n/ Pound: the water between two locks.",
    "#block(inset: (left: 2em))[Down by the water, down by the mill \\ the old wheel is turning,"
    " the boats lie still \\ and nobody passes and nobody will]",
    "#block(above: 1.4em, below: 1.4em)[With kind regards \\ #v(6mm) Edith Harmer \\ Secretary]",
    "- two gates of oak\n- one of iron\n- a winch",
)
# The same in bold or with a colon at the end, as headings are, too.
COLONS = (
    "*Sluice:*\n#block(above: 0.65em, inset: (left: 2em))[A gate that slides in a frame of oak or"
    " iron,"
    " which a winch lifts as soon as the water is high enough for the boats.]\n*Pound:*\n"
    "#block(above: 0.65em, inset: (left: 2em))[The water between two locks, in which boats wait for"
    " each other and which is let out once a year.]",
    "#block(above: 1.4em, below: 0.65em)[*To:*]\n#block(below: 1.4em)[The Canal Board \\ 3 Lock"
    " Lane \\"
    " Marsham NR10]",
    "#block(above: 1.4em, below: 0.8em)[*The following are needed:*]\n- two gates of oak\n"
    "- one of iron\n- a winch with a chain of twelve metres",
    "#block(above: 1.4em, below: 0.7em)[*Ingredients:*]\n#block(below: 1.4em)[200 g flour \\ 3"
    " eggs \\"
    " a pinch of salt]",
    "#block(above: 1.4em, below: 1em)[*Name:* #box(width: 5cm, stroke: (bottom: 0.5pt))[~]]\n"
    "#block(below: 1.4em)[*Reasons for the request:*\n#rect(width: 100%, height: 16mm,"
    " stroke: 0.5pt)]",
    "#block(above: 1.2em, below: 1.2em)[#align(center)[#rect(width: 50%, height: 22mm,"
    " fill: luma(190))\n*Figure 3:* The lock in 1894]]",
    "#block(above: 1.2em, below: 0.6em)[*Note:*]\nThe gates are closed on Sundays and on the days"
    " of"
    " the fair, and whoever wants to pass has to ring the bell at the house.",
    "#block(above: 1.4em, below: 0.65em)[*Anna:*]\nI have seen the bridge only once, and then it"
    " had"
    " been raining for a week, so that nobody was allowed to cross it.\n"
    "#block(above: 1.4em, below: 0.65em)[*Ben:*]\nMy father told me that they closed it every"
    " spring,"
    " and that the boats went through at night.\n"
    "#block(above: 1.4em, below: 0.65em)[*Anna:*]\nThat must have been before the second survey,"
    " when"
    " the keeper still lived in the house beside it.",
    "#block(above: 1.4em, below: 1.4em)[*Subject:* Repair of the lower gate \\ *Your letter:*"
    " 14 March \\ *Our number:* 27/4]",
    "#block(above: 1.3em, below: 1.3em)[*The gates stay closed until the water has fallen.*]",
    "#block(above: 1.4em, below: 0.7em)[*Address:*]\n#block(below: 1.4em)[Miss Edith Harmer \\"
    " 14 Tanner Row \\ Marsham]",
    "#block(above: 1.4em, below: 0.7em)[*He wrote as follows:*]\n#block(inset: (x: 2em))[_Nobody"
    " in the valley had expected the water to come so soon, and nobody had closed the gates._]",
    "#block(above: 1.2em, below: 0.65em)[*Achtung:*]\nDie Tore bleiben an Sonntagen und an den"
    " Tagen"
    " des Marktes geschlossen, und wer hindurch will, läutet am Haus.",
    "#block(above: 1.4em, below: 0.65em)[*Betreff:* Reparatur des unteren Tores]",
)
