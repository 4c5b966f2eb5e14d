"""What letters, memos and reports of the 1980s say; "|" is where a word may be cut.

The banks of the half that is held back are in other languages, and one in other English words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bank:
    """The words of one office."""

    language: str
    firm: str
    address: str
    to: tuple[str, ...]
    date: str
    refs: tuple[str, str]
    subject: str
    greeting: str
    closing: str
    signer: tuple[str, str]
    copies: tuple[str, ...]
    memo: str
    labels: tuple[str, str, str, str]  # to, from, date, subject
    people: tuple[str, str]  # whom a memo is for, and whose it is
    heads: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]  # its head, and rows
    listed: str  # a printout's title
    circular: str
    parts: tuple[tuple[str, ...], ...]  # who, did, what, when: a sentence


ENGLISH = Bank(
    "en", "HALLORAN & PIKE LTD.", "Marine Engineers - 14 Slipway Road - Marsham NR10 4TB",
    ("Mr. D. W. Tarrant", "The Estuary Board", "Customs House", "Marsham"),
    "14 May 1983", ("Your ref: EB/1182", "Our ref: JH/mt"),
    "REPAIR OF THE EASTERN SLUICE", "Dear Mr. Tarrant,", "Yours sincerely,",
    ("J. R. Halloran", "Chief Engineer"), ("Mr. P. Boyle, Works Department", "Miss A. Quill, file"),
    "INTEROFFICE MEMORANDUM", ("TO:", "FROM:", "DATE:", "SUBJECT:"),
    ("All heads of section", "R. Osgood, Administration"),
    ("Purpose of the inspection", "Condition of the gates", "Cost of the work",
     "What should be done next"),
    (("Item", "Quantity", "Unit price", "Total"), ("Oak planks, seasoned", "48", "12.50", "600.00"),
     ("Iron hinges", "16", "7.25", "116.00"), ("Chain, galvanised", "120", "3.10", "372.00"),
     ("Tallow and tar", "9", "4.80", "43.20"), ("Labour, in hours", "340", "6.15", "2091.00"),
     ("Hire of the barge", "5", "85.00", "425.00")),
    "STOCK LEDGER - STORES B", "NOTICE TO ALL TENANTS",
    (("The inspector", "Our foreman", "Your colleague Mr. Boyle", "The sur|veyor of the county",
      "A member of the com|mittee", "The sup|plier of the pumps"),
     ("has informed us", "reported last week", "wrote on 3rd April", "was able to establish",
      "pointed out", "does not believe"),
     ("that the lower gate cannot be closed", "that nearly one third of the tim|ber is rotten",
      "that the estimate of \xa32,400 is too low", "that the ma|chinery was put in before 1951",
      "that the neces|sary permis|sion has not been given",
      "that no fur|ther damage is to be ex|pected"),
     ("before the end of the quarter", "in spite of our earlier letter",
      "(see page 3 of the report)",
      "as we had agreed by tele|phone", "unless the weather improves",
      "with the excep|tion of two items")),
)  # fmt: skip

GERMAN = Bank(
    "de", "Gebr. Wiesenthal KG", "Sägewerk und Holzhandlung - Mühlweg 7 - 3119 Bienenbüttel",
    ("An die", "Gemeindeverwaltung Altenau", "z. Hd. Frau Dr. Kessler", "3396 Altenau"),
    "22. Februar 1984", ("Ihr Zeichen: Ke/Bo", "Unser Zeichen: W/st"),
    "LIEFERUNG VON BAUHOLZ", "Sehr geehrte Frau Dr. Kessler,", "Mit freundlichen Grüßen",
    ("Heinrich Wiesenthal", "Geschäftsführer"), ("Herrn Amtmann Rust", "Buchhaltung"),
    "AKTENVERMERK", ("AN:", "VON:", "DATUM:", "BETREFF:"),
    ("Alle Abteilungsleiter", "Fr. Stöver, Personalbüro"),
    ("Anlass der Besichtigung", "Zustand der Dächer", "Kosten der Arbeiten", "Weiteres Vorgehen"),
    (("Bezeichnung", "Menge", "Preis", "Summe"), ("Balken, Fichte", "36", "41,80", "1504,80"),
     ("Latten, gehobelt", "220", "2,35", "517,00"), ("Nägel, verzinkt", "15", "9,90", "148,50"),
     ("Dachpappe, Rollen", "28", "23,40", "655,20"), ("Arbeitsstunden", "96", "31,50", "3024,00"),
     ("Anfahrt", "4", "45,00", "180,00")),
    "LAGERBESTAND HALLE 2", "AN ALLE MIETER",
    (("Der Sach|verständige", "Unser Vor|arbeiter", "Der zuständige Herr Rust", "Die Bau|aufsicht",
      "Ein Mit|glied des Vor|standes", "Die Liefer|firma"),
     ("hat uns mitgeteilt,", "schrieb am 3. Februar,", "konnte fest|stellen,", "wies darauf hin,",
      "bezweifelt noch,", "erklärte fern|münd|lich,"),
     ("daß die Balken nicht trocken genug sind", "daß fast ein Drittel der Bretter fehlt",
      "daß der Vor|anschlag von 2.400 DM nicht aus|reicht",
      "daß die Maschinen vor 1951 auf|gestellt wurden",
      "daß die nötige Geneh|migung noch aussteht", "daß weitere Schäden nicht zu er|warten sind"),
     ("bis zum Ende des Quartals", "trotz unseres früheren Schrei|bens",
      "(siehe Seite 3 der Anlage)",
      "wie tele|fonisch ver|einbart", "mit Aus|nahme von zwei Posten",
      "nach Rück|sprache mit Ihnen")),
)  # fmt: skip

ENGLISH_HELD = Bank(
    "en", "THE WREN TRUST", "Registered Charity - 3 Abbey Close - Ludbury, Salop",
    ("Dr. Vera Lockhart", "Dept. of Zoology", "Northern Polytechnic", "Keswell 7"),
    "9th November 1981", ("Your ref.: VL.44/b", "Our ref.: WT/GEN/309"),
    "WINTER COUNT OF WATERFOWL", "Dear Dr. Lockhart,", "With kind regards,",
    ("Hugh Fanshawe", "Honorary Secretary"), ("Major Ellis", "Mrs. Whitcombe (Treasurer)"),
    "M E M O R A N D U M", ("To:", "From:", "Date:", "Re:"),
    ("Wardens and volunteers", "H. Fanshawe, Secretary"),
    ("Aims of the survey", "Method of counting", "Results by reservoir", "Proposals for next year"),
    (("Species", "Pairs", "Young", "Change"), ("Great crested grebe", "14", "31", "+6"),
     ("Tufted duck", "57", "188", "-12"), ("Mute swan", "8", "22", "+1"),
     ("Common tern", "103", "140", "+35"), ("Little ringed plover", "4", "9", "-2"),
     ("Reed warbler", "76", "210", "+18")),
    "RINGING RECORDS BY STATION", "ANNUAL GENERAL MEETING",
    (("The warden of the upper lake", "A retired school|master", "The Water Author|ity",
      "Each of our vol|unteers", "The keeper", "Professor Ogilvy's student"),
     ("counted", "observed through a tele|scope", "could hardly dis|tinguish", "has pho|tographed",
      "disturbed", "ringed and released"),
     ("no fewer than 240 birds", "a flock of wig|eon and teal", "eleven nests among the sedge",
      "both of the juve|nile bitterns", "some quite unex|pected visitors",
      "the remain|ing pair of harriers"),
     ("within half an hour of sunrise", "on the frozen gravel pit", "during the gales of October",
      "from a punt", "at a distance of 150 yards", "for the eighth year run|ning")),
)  # fmt: skip

FRENCH = Bank(
    "fr", "ÉTABLISSEMENTS ROUVIER",
    "Tannerie fondée en 1908 - 22, quai des Teinturiers - 12100 Millau",
    ("Monsieur le Directeur", "Comptoir des Cuirs", "B.P. 41", "81300 Graulhet"),
    "le 6 octobre 1982", ("V/Réf : CC/77", "N/Réf : ER/ml"),
    "COMMANDE DE PEAUX TANNÉES", "Monsieur le Directeur,", "Veuillez agréer nos salutations,",
    ("Émile Rouvier", "Gérant"), ("Mme Fabre, comptabilité", "M. Noël, atelier"),
    "NOTE DE SERVICE", ("À :", "DE :", "DATE :", "OBJET :"),
    ("Tout le personnel", "Mlle Cazals, secrétariat"),
    ("Objet de la visite", "État des cuves", "Dépenses prévues", "Suite à donner"),
    (("Désignation", "Nombre", "Prix", "Montant"), ("Peaux de chèvre", "64", "38,00", "2432,00"),
     ("Basanes claires", "150", "11,50", "1725,00"), ("Écorce moulue", "22", "57,20", "1258,40"),
     ("Teinture brune", "7", "94,00", "658,00"), ("Main-d'œuvre", "130", "34,60", "4498,00"),
     ("Transport", "3", "210,00", "630,00")),
    "ÉTAT DES STOCKS - DÉPÔT C", "AVIS AUX RIVERAINS",
    (("Notre contre|maître", "Le chef d'atelier", "Votre repré|sentant", "L'inspec|teur du travail",
      "La chambre de com|merce", "Un ancien ouvrier"),
     ("signale", "nous a fait savoir", "vient de consta|ter", "pense également", "a écrit",
      "prétend tou|jours"),
     ("que deux cuves ont été vidées", "que la livrai|son était incom|plète",
      "que les peaux séchaient trop vite", "que le prix de 1 850 F reste inchangé",
      "que la chau|dière date d'avant-guerre", "que l'échan|tillon ne lui convient pas"),
     ("depuis l'été dernier", "malgré la grève des che|mins de fer", "avant la fin du mois",
      "d'après le registre de 1979", "sans autre expli|cation", "à notre grand regret")),
)  # fmt: skip

SPANISH = Bank(
    "es", "Bodegas Hermanos Larrea", "Vinos y aguardientes - Calle del Pozo, 19 - Cenicero (Rioja)",
    ("Sr. D. Tomás Echeverría", "Almacenes del Puerto", "Muelle Sur, 5", "Santander"),
    "Cenicero, 28 de enero de 1980", ("S/ref.: TE/12", "N/ref.: 80-043"),
    "ENVÍO DE BARRICAS VACÍAS", "Muy señor nuestro:", "Atentamente le saluda,",
    ("Joaquín Larrea", "Director Gerente"), ("Srta. Núñez, contabilidad", "Archivo"),
    "COMUNICACIÓN INTERNA", ("PARA:", "DE:", "FECHA:", "ASUNTO:"),
    ("Encargados de sección", "J. Larrea, Dirección"),
    ("Motivo del informe", "Estado de las cubas", "Gastos del año", "Medidas que se proponen"),
    (("Concepto", "Cantidad", "Precio", "Importe"), ("Barricas de roble", "75", "930", "69.750"),
     ("Corchos, en miles", "18", "2.140", "38.520"), ("Botellas verdes", "6200", "11", "68.200"),
     ("Etiquetas", "7000", "3", "21.000"), ("Jornales de vendimia", "84", "1.250", "105.000"),
     ("Fletes", "9", "3.600", "32.400")),
    "EXISTENCIAS EN BODEGA", "AVISO A LOS SOCIOS",
    (("El maestro bode|guero", "Nuestro agente en Bilbao", "La coope|rativa", "El capataz",
      "Uno de los tone|leros", "El notario de Haro"),
     ("nos comunica", "escribió en di|ciembre", "acaba de compro|bar", "sigue creyendo",
      "ha decla|rado", "nos advirtió"),
     ("que faltan doce barricas", "que la cose|cha fue muy escasa",
      "que el flete cuesta 3.600 pesetas",
      "que dos cubas pierden vino", "que las mues|tras llegaron rotas",
      "que el con|trato ven|cerá pronto"),
     ("antes de la próxima luna", "a pesar de las lluvias", "según consta en el libro mayor",
      "desde el año 1974", "con la debida reser|va", "por culpa del hielo")),
)  # fmt: skip
