"""The figure's knots, placed by hand for one half of the body: the one with x >= 0, middle at 0.

The other half is its mirror image. Named knots are nodes: the curves between two of them are an
edge, and a region is a row of names, so that neighbours share their edges and leave no gap.
"""

from __future__ import annotations

import cmath
import math

from scripts.body_map.splines import Knot, knot

HEAD = [
    knot(0, 5, "top", along=0),
    knot(17.6, 12.4),
    knot(24, 29),
    knot(23.3, 39, "ear_t", into=97, out=-35),
    knot(26.6, 42),
    knot(22.2, 51.4, "lobe", out=98),
    knot(19.2, 61.5),
    knot(14.2, 68.6, "nape", sharp=True, out=95),
]

TRUNK_AND_ARM = [
    knot(14.2, 79),
    knot(22, 89.4, "trap"),
    knot(45, 100.2),
    knot(57, 111.4),
    knot(62.6, 138, "delt_o"),
    knot(68, 173, "elb_o1"),
    knot(73.8, 203, "elb_o2"),
    knot(77.4, 225),
    knot(79.2, 249, "wrist_o"),
    knot(84.6, 282),
    knot(78, 310, "tip", along=183),
    knot(72, 297),
    knot(68.8, 279, sharp=True, into=268, out=95),
    knot(62, 291.4, along=198),
    knot(58, 275.6),
    knot(62.4, 250, "wrist_i"),
    knot(50.4, 208, "elb_i2"),
    knot(44.4, 175, "elb_i1"),
    knot(39.4, 141, "pit", sharp=True, out=85),
    knot(38.8, 151, "chest_o"),
    knot(34.3, 188, "rib_o"),
    knot(37, 212, "crest_o"),
    knot(45.2, 246),
    knot(45.8, 267, "hip_o"),
    knot(39.4, 320, "kn_o1"),
    knot(36.2, 360, "kn_o2"),
    knot(38.2, 383),
    knot(29.6, 426),
    knot(28.8, 441, "ank_o"),
]

FOOT = [knot(37, 460), knot(39.4, 471), knot(27, 477, "toe"), knot(15.6, 472), knot(15, 456)]

INNER_LEG = [
    knot(14.6, 441, "ank_i"),
    knot(13.4, 426),
    knot(8.2, 386),
    knot(9.6, 360, "kn_i2"),
    knot(7.6, 320, "kn_i1"),
    knot(2.2, 268, "groin_i", along=265),
    knot(0, 259, "crotch", into=195),
]


OUTLINE = HEAD + TRUNK_AND_ARM + FOOT + INNER_LEG


def sag(start: str, end: str, angle: float) -> list[Knot]:
    """Join two knots of the outline by a curve that bulges by an angle."""
    known = {one.name: one.at for one in OUTLINE}
    a, b = known[start], known[end]
    chord = math.degrees(cmath.phase(b - a))
    return [
        knot(a.real, a.imag, start, out=chord - angle),
        knot(b.real, b.imag, end, into=chord + angle),
    ]


# Seams shared by both views (limbs).
LIMB_SEAMS = [
    sag("delt_o", "pit", 24),
    sag("elb_o1", "elb_i1", 20),
    sag("elb_o2", "elb_i2", 20),
    sag("wrist_o", "wrist_i", 18),
    sag("kn_o1", "kn_i1", 20),
    sag("kn_o2", "kn_i2", 20),
    sag("ank_o", "ank_i", 24),
]

SEAMS: dict[str, list[list[Knot]]] = {
    "front": [
        *LIMB_SEAMS,
        # head / face / jaw
        [knot(0, 25.5, "hair", along=0), knot(15.6, 30), knot(20.6, 41), knot(22.2, 51.4, "lobe")],
        [knot(22.2, 51.4, "lobe", out=128), knot(0, 60.6, "lip", along=180)],
        [knot(14.2, 68.6, "nape", out=132), knot(0, 76.6, "chin", along=180)],
        # neck / chest / shoulder
        [knot(22, 89.4, "trap", out=122), knot(16, 96, "clav", into=142)],
        [knot(16, 96, "clav", out=142), knot(0, 101, "notch", along=180)],
        [knot(16, 96, "clav", out=12), knot(37, 105), knot(39.4, 141, "pit", into=97)],
        # trunk
        [knot(38.8, 151, "chest_o", out=152), knot(0, 156, "xiph", along=188)],
        [knot(0, 156, "xiph", out=45), knot(34.3, 188, "rib_o", into=18)],
        [knot(37, 212, "crest_o"), knot(26.6, 221, "asis")],
        [knot(26.6, 221, "asis", out=150), knot(0, 229, "pubis", along=180)],
        [knot(26.6, 221, "asis", out=118), knot(13, 252, "fold")],
        [knot(13, 252, "fold"), knot(2.2, 268, "groin_i")],
        [knot(45.8, 267, "hip_o", out=190), knot(13, 252, "fold", into=225)],
    ],
    "back": [
        *LIMB_SEAMS,
        [knot(14.2, 68.6, "nape", out=205), knot(0, 65, "hair", along=180)],
        [knot(22, 89.4, "trap", out=118), knot(17, 96, "clav", into=140)],
        [knot(17, 96, "clav", out=140), knot(0, 103, "c7", along=180)],
        [knot(17, 96, "clav", out=12), knot(37, 112), knot(39.4, 141, "pit", into=97)],
        [knot(38.8, 151, "chest_o", out=150), knot(14.5, 162), knot(0, 183, "t12")],
        [knot(34.3, 188, "rib_o", out=196), knot(0, 183, "t12", along=180)],
        [knot(37, 212, "crest_o", out=182), knot(12, 221, "psis", into=138)],
        [knot(12, 221, "psis", out=138), knot(0, 236, "sacr", into=118)],
        [knot(12, 221, "psis", out=26), knot(45.8, 267, "hip_o", into=58)],
        [knot(45.8, 267, "hip_o", out=165), knot(2.2, 268, "groin_i", into=205)],
    ],
}

# Regions: base id -> (kind, nodes).  "mid" crosses the midline (nodes run from
# its top to its bottom through the drawn half); "half" is a midline region with
# two display halves (grouped); "pair" touches the midline but has no group, e.g.
# the buttocks; "side" belongs to one side only.
LIMBS = [
    ("upper-arm", "side", "delt_o elb_o1 elb_i1 pit"),
    ("elbow", "side", "elb_o1 elb_o2 elb_i2 elb_i1"),
    ("forearm", "side", "elb_o2 wrist_o wrist_i elb_i2"),
    ("wrist-hand", "side", "wrist_o tip wrist_i"),
]
LEGS = [
    ("knee", "side", "kn_o1 kn_o2 kn_i2 kn_i1"),
    ("lower-leg", "side", "kn_o2 ank_o ank_i kn_i2"),
    ("ankle-foot", "side", "ank_o toe ank_i"),
]
REGIONS: dict[str, list[tuple[str, str, str]]] = {
    "front": [
        ("head", "mid", "top ear_t lobe hair"),
        ("face", "mid", "hair lobe lip"),
        ("jaw", "mid", "lip lobe nape chin"),
        ("neck-front", "mid", "chin nape trap clav notch"),
        ("chest", "half", "notch clav pit chest_o xiph"),
        ("ribs", "half", "xiph chest_o rib_o"),
        ("abdomen", "mid", "xiph rib_o crest_o asis pubis"),
        ("pelvis-groin", "mid", "pubis asis fold groin_i crotch"),
        ("shoulder", "side", "trap delt_o pit clav"),
        *LIMBS,
        ("hip", "side", "crest_o hip_o fold asis"),
        ("thigh", "side", "hip_o kn_o1 kn_i1 groin_i fold"),
        *LEGS,
    ],
    "back": [
        ("head", "mid", "top ear_t lobe nape hair"),
        ("neck", "mid", "hair nape trap clav c7"),
        ("upper-back", "half", "c7 clav pit chest_o t12"),
        ("ribs", "half", "t12 chest_o rib_o"),
        ("lower-back", "half", "t12 rib_o crest_o psis sacr"),
        ("shoulder", "side", "trap delt_o pit clav"),
        *LIMBS,
        ("hip", "side", "crest_o hip_o psis"),
        ("buttock", "pair", "sacr psis hip_o groin_i crotch"),
        ("thigh", "side", "hip_o kn_o1 kn_i1 groin_i"),
        *LEGS,
    ],
}

# Decorative inner lines (never clickable).  "mid" lines are drawn once,
# "pair" lines are mirrored.
FINGERS = [
    ("pair", [knot(75, 293), knot(75.6, 303.6)]),
    ("pair", [knot(78.4, 292), knot(78.7, 304)]),
    ("pair", [knot(81.6, 291.6), knot(81.5, 301)]),
]
DETAILS: dict[str, list[tuple[str, list[Knot]]]] = {
    "front": [
        ("pair", [knot(6.6, 37.4, out=-28), knot(12, 37.8, into=28)]),  # eyebrow
        ("mid", [knot(-1.7, 49.6, out=42), knot(1.7, 49.6, into=-42)]),  # nose
        ("mid", [knot(-5.4, 54.8, out=35), knot(5.4, 54.8, into=-35)]),  # mouth
        ("mid", [knot(0, 204), knot(0, 207)]),  # navel
        (
            "pair",
            [knot(16, 342, out=70), knot(22.4, 348.6, along=0), knot(29, 342, into=-70)],
        ),  # kneecap
        *FINGERS,
        ("pair", [knot(21.4, 471), knot(21.4, 474.4)]),  # toes
        ("pair", [knot(26, 471.4), knot(26, 474.8)]),
        ("pair", [knot(30, 471), knot(30.4, 474.4)]),
        ("pair", [knot(33.8, 469.8), knot(34.4, 472.8)]),
    ],
    "back": [
        (
            "pair",
            [knot(31, 110, out=158), knot(17, 118.5, along=110), knot(21, 141, into=58)],
        ),  # shoulder blade
        ("pair", [knot(56, 189, out=60), knot(63.6, 188.4, into=-60)]),  # elbow
        ("pair", [knot(16.4, 342, out=28), knot(28.6, 342, into=-28)]),  # back of knee
        ("pair", [knot(29.6, 455, out=78), knot(29.2, 467), knot(23.4, 474, into=186)]),  # heel
        *FINGERS,
    ],
}
EYES: dict[str, list[tuple[float, float]]] = {"front": [(9.3, 42.6)], "back": []}
