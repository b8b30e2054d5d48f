"""The sources behind what the landing page says: each key is cited there beside its figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit

PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"


@dataclass(frozen=True)
class Source:
    """One source: its name beside a figure, its whole citation, and where to look for it."""

    short: str
    citation: str
    link: str = ""

    @property
    def where(self) -> str:
        """Name the place where the link leads."""
        return "PubMed" if self.link.startswith(PUBMED) else urlsplit(self.link).netloc


def _found(words: str) -> str:
    """Return the address of a search at PubMed that finds this one paper."""
    return f"{PUBMED}?term={quote_plus(words, safe='[](),')}"


def _paper(short: str, citation: str, words: str) -> Source:
    return Source(short, citation, _found(words))


SOURCES: Mapping[str, Source] = {
    "apta12": Source(
        "APTA 2012",
        "American Physical Therapy Association. Physical Therapists and the Performance of Dry "
        "Needling: an Educational Resource Paper. January 2012.",
    ),
    "apta13": Source(
        "APTA 2013",
        "American Physical Therapy Association. Description of Dry Needling in Clinical Practice: "
        "an Educational Resource Paper. 2013. As quoted by the Washington Attorney General.",
    ),
    "asa": Source(
        "ASA",
        "American Society of Acupuncturists. Position on dry needling. As published on the site of "
        "a state acupuncture association.",
    ),
    "bahramian": Source(
        "Bahramian 2022", "Bahramian et al. Case report after hip replacement. 2022."
    ),
    "berrigan": _paper(
        "Berrigan 2018",
        "Berrigan WA et al. Acute spinal epidural hematoma as a complication of dry needling. "
        "PM R 2018.",
        "Berrigan[au] acute spinal epidural hematoma dry needling[ti]",
    ),
    "boyce": _paper(
        "Boyce 2020",
        "Boyce D et al. Adverse events associated with therapeutic dry needling. Int J Sports Phys "
        "Ther 2020;15(1):103-113.",
        "Int J Sports Phys Ther[ta] 2020[dp] 15[vi] 103[pg]",
    ),
    "brady": _paper(
        "Brady 2014",
        "Brady S et al. Adverse events following trigger point dry needling. J Man Manip Ther "
        "2014;22(3):134-140.",
        "J Man Manip Ther[ta] 2014[dp] 22[vi] 134[pg]",
    ),
    "butts": Source("Butts 2016", "Butts et al. Int J Phys Med Rehabil 2016;4:2."),
    "cagnie": _paper(
        "Cagnie 2013",
        "Cagnie et al. Curr Pain Headache Rep 2013;17:348.",
        "Cagnie[au] Curr Pain Headache Rep[ta] 2013[dp] 17[vi] 348[pg]",
    ),
    "carr": _paper(
        "Carr 2015",
        "Carr DJ. The safety of obstetric acupuncture: forbidden points revisited. Acupunct Med "
        "2015;33(5):413-419.",
        "Acupunct Med[ta] 2015[dp] 33[vi] 413[pg]",
    ),
    "chys": _paper(
        "Chys 2023",
        "Chys et al. J Clin Med 2023;12(3):1205.",
        "Chys[au] J Clin Med[ta] 2023[dp] 12[vi] 1205[pg]",
    ),
    "colorado": Source(
        "Colorado",
        "Colorado 4 CCR 732-1, Rule 11. As copied by a course provider.",
    ),
    "dommerholt11": _paper(
        "Dommerholt 2011",
        "Dommerholt. J Man Manip Ther 2011;19(4):223-227.",
        "J Man Manip Ther[ta] 2011[dp] 19[vi] 223[pg]",
    ),
    "dommerholt15": _paper(
        "Dommerholt 2015",
        "Dommerholt and Gerwin. J Bodyw Mov Ther 2015;2:193-204.",
        "Dommerholt[au] Gerwin[au] J Bodyw Mov Ther[ta] 2015[dp]",
    ),
    "espejo": _paper(
        "Espejo 2017",
        "Espejo et al. Complement Ther Med 2017;33:46-57.",
        "Complement Ther Med[ta] 2017[dp] 33[vi] 46[pg]",
    ),
    "evms": Source(
        "EVMS",
        "Dry needling, the double-edged sword: apical pneumothorax after posterior neck needling. "
        "EVMS Research Day.",
    ),
    "fsbpt15": Source(
        "FSBPT 2015",
        "Caramagno J et al. Analysis of Competencies for Dry Needling by Physical Therapists. "
        "FSBPT and HumRRO 2015, No. 033.",
        "https://www.fsbpt.org/",
    ),
    "fsbpt24": Source(
        "FSBPT 2024",
        "Harris et al. Dry Needling Competency Update: Report Memo. FSBPT 2024. As summed up by a "
        "course provider.",
        "https://www.fsbpt.org/",
    ),
    "gattie": _paper(
        "Gattie 2017",
        "Gattie et al. J Orthop Sports Phys Ther 2017;47(3):133-149.",
        "J Orthop Sports Phys Ther[ta] 2017[dp] 47[vi] 133[pg]",
    ),
    "grusche": _paper(
        "Grusche",
        "Grusche F, Egerton-Warburton D. Traumatic pneumothorax following acupuncture: case "
        "series. West J Emerg Med.",
        "Grusche[au] traumatic pneumothorax following acupuncture[ti]",
    ),
    "hsieh12": _paper(
        "Hsieh 2012",
        "Hsieh et al. Study in rabbits. Evid Based Complement Alternat Med 2012:342165.",
        "Evid Based Complement Alternat Med[ta] 2012[dp] 342165[pg]",
    ),
    "hu": _paper(
        "Hu 2018",
        "Hu et al. Medicine 2018;97(26):e11225.",
        "Medicine (Baltimore)[ta] 2018[dp] 97[vi] e11225[pg]",
    ),
    "intjem": _paper(
        "Singapore 2022",
        "Case series from Singapore: acupuncture-related pneumothorax. Int J Emerg Med 2022.",
        "Int J Emerg Med[ta] 2022[dp] acupuncture pneumothorax",
    ),
    "jimenez": _paper(
        "Jiménez-del-Barrio 2022",
        "Jiménez-del-Barrio et al. Life 2022;12(10):1575.",
        "Life (Basel)[ta] 2022[dp] 12[vi] 1575[pg]",
    ),
    "kietrys": _paper(
        "Kietrys 2013",
        "Kietrys et al. J Orthop Sports Phys Ther 2013;43(9):620-634.",
        "J Orthop Sports Phys Ther[ta] 2013[dp] 43[vi] 620[pg]",
    ),
    "lee11": _paper(
        "Spine 2011",
        "Acute cervical epidural hematoma as a complication of dry needling. Spine "
        "2011;36(13):E891-E893.",
        "Spine (Phila Pa 1976)[ta] 2011[dp] 36[vi] E891[pg]",
    ),
    "lifeblood": Source(
        "Lifeblood",
        "Australian Red Cross Lifeblood. Answers on acupuncture and dry needling.",
        "https://www.lifeblood.com.au/",
    ),
    "lin": _paper(
        "Lin 2019",
        "Lin SK et al. Incidence of iatrogenic pneumothorax following acupuncture in Taiwan. "
        "Acupunct Med 2019;37(6):332-339.",
        "Acupunct Med[ta] 2019[dp] 37[vi] 332[pg]",
    ),
    "liu": _paper(
        "Liu 2015",
        "Liu et al. Arch Phys Med Rehabil 2015;96:944-955.",
        "Arch Phys Med Rehabil[ta] 2015[dp] 96[vi] 944[pg]",
    ),
    "macpherson": _paper(
        "MacPherson 2005",
        "MacPherson H, Thomas K. Short term reactions to acupuncture. Acupunct Med 2005.",
        "MacPherson[au] Thomas[au] short term reactions to acupuncture[ti]",
    ),
    "mp": _paper(
        "Martín-Pintado-Zugasti 2018",
        "Martín-Pintado-Zugasti A et al. Postneedling soreness and tenderness. PM R "
        "2018;10(12):1311-1320.",
        "PM R[ta] 2018[dp] 10[vi] 1311[pg]",
    ),
    "navarro-elbow": _paper(
        "Navarro-Santana 2020",
        "Navarro-Santana et al. (elbow). Clin Rehabil 2020;34(11):1327-1340.",
        "Clin Rehabil[ta] 2020[dp] 34[vi] 1327[pg]",
    ),
    "navarro-neck": _paper(
        "Navarro-Santana 2020",
        "Navarro-Santana et al. (neck). J Clin Med 2020;9(10):3300.",
        "Navarro-Santana[au] J Clin Med[ta] 2020[dp] 9[vi] 3300[pg]",
    ),
    "neck24": Source(
        "PMID 38364664",
        "Trial of dry needling, sham needling and usual physical therapy for neck pain. 2024. "
        "PMID 38364664.",
        f"{PUBMED}38364664/",
    ),
    "nunez": _paper(
        "Núñez-Cortés 2017",
        "Núñez-Cortés R et al. Dry needling after total knee arthroplasty: case series. J Orthop "
        "Sports Phys Ther 2017;47(3):209-216.",
        "J Orthop Sports Phys Ther[ta] 2017[dp] 47[vi] 209[pg]",
    ),
    "painsci": Source(
        "PainScience",
        "PainScience.com. Notes on Liu 2015 and Brady 2014.",
        "https://www.painscience.com/",
    ),
    "pphc": Source("pphc.co 2026", "pphc.co. Summary of state rules. January 2026."),
    "quintner": _paper(
        "Quintner 2015",
        "Quintner et al. Rheumatology 2015;54:392-399.",
        "Rheumatology (Oxford)[ta] 2015[dp] 54[vi] 392[pg]",
    ),
    "risaom": Source(
        "AMA 2016",
        "American Medical Association. Resolution 223. 2016. As told in a news item.",
    ),
    "sanchez": _paper(
        "Sánchez-Infante 2021",
        "Sánchez-Infante et al. Phys Ther 2021;101(3):pzab070.",
        "Phys Ther[ta] 2021[dp] 101[vi] pzab070[pg]",
    ),
    "states": Source(
        "APTA",
        "American Physical Therapy Association. List of states. As copied by a course provider.",
    ),
    "stieven": _paper(
        "Stieven 2020",
        "Stieven et al. J Orthop Sports Phys Ther 2020.",
        "Stieven[au] J Orthop Sports Phys Ther[ta] 2020[dp]",
    ),
    "valera": _paper(
        "Valera-Calero 2022",
        "Valera-Calero et al. Int J Environ Res Public Health 2022;19(16):9904.",
        "Int J Environ Res Public Health[ta] 2022[dp] 19[vi] 9904[pg]",
    ),
    "qhc": _paper(
        "Vickers 2002",
        "Vickers et al. Qual Health Care 2002;11:92.",
        "Vickers[au] 2002[dp] 11[vi] 92[pg] acupuncture",
    ),
    "virginia": Source(
        "Virginia",
        "Virginia 18VAC112-20-121, proposed again in 2019. Virginia Register.",
    ),
    "wa-ago": Source(
        "Washington Attorney General 2016",
        "Washington State Attorney General. Opinion of April 15, 2016. It quotes the American "
        "Physical Therapy Association; state law has changed since.",
    ),
    "wa-1039": Source(
        "Washington 2023",
        "Washington State. 2SHB 1039, chapter 198, Laws of 2023; WAC 246-915-390, in force since "
        "June 22, 2024.",
        "https://app.leg.wa.gov/billsummary?BillNumber=1039&Year=2023",
    ),
    "white": _paper(
        "White 2001",
        "White A et al. Adverse events following acupuncture: prospective survey of 32 000 "
        "consultations. BMJ 2001;323:485-486.",
        "BMJ[ta] 2001[dp] 323[vi] 485[pg]",
    ),
    "who": Source(
        "WHO 1999",
        "World Health Organization. Guidelines on Basic Training and Safety in Acupuncture. "
        "WHO/EDM/TRM/99.1. 1999.",
    ),
    "witt": _paper(
        "Witt 2009",
        "Witt CM et al. Safety of acupuncture: 229,230 patients. Forsch Komplementmed "
        "2009;16:91-97.",
        "Forsch Komplementmed[ta] 2009[dp] 16[vi] 91[pg]",
    ),
    "xu": _paper(
        "Xu 2013",
        "Xu S et al. Adverse events of acupuncture: case reports 2000-2011. Evid Based Complement "
        "Alternat Med 2013:581203.",
        "Evid Based Complement Alternat Med[ta] 2013[dp] 581203[pg]",
    ),
    "yu": _paper(
        "Yu 2023",
        "Yu et al. J Occup Rehabil 2023;33(4).",
        "Yu[au] J Occup Rehabil[ta] 2023[dp] 33[vi] needling low back pain",
    ),
}
SIZES = ("jimenez", "liu", "navarro-elbow", "navarro-neck", "sanchez", "stieven")
