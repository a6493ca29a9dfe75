"""The text given to F5: no digits, no capitals, no speakable text lost."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from distillation.engines import EngineError
from distillation.engines.f5.teacher import LANGUAGES, read_aloud

SPANISH = {
    "Son 21 € y llega en 3 días.": "Son veintiún euros y llega en tres días.",
    "Cuesta $1.500,50 al mes": "Cuesta mil quinientos dólares con cincuenta al mes.",
    "A la 1:30 o a las 10:00": "A la una treinta o a las diez.",
    "1 h y 31 min": "una hora y treinta y un minutos.",
    "Su DNI, Sr. Pérez.": "Su de ene i, señor Pérez.",
    "La ONU y el IVA": "La onu y el iva.",
    "VISITE NUESTRA WEB": "visite nuestra web.",
    "El 1.º y la 2.ª planta, opción B": "El primero y la segunda planta, opción be.",
    "Un 20 % más; llame al 0034": "Un veinte por ciento más; llame al cero cero tres cuatro.",
    "El vuelo A4 de la Avda. Mayor": "El vuelo A cuatro de la avenida Mayor.",
    "Pan, leche, etc.": "Pan, leche, etcétera.",
    "«Hola» — dijo… 😀": '"Hola", dijo…',
    "¿Sí?": "¿Sí?",
    "Cuesta 10€ 3 veces al mes": "Cuesta diez euros tres veces al mes.",
    "Son 5 € 20 céntimos": "Son cinco euros veinte céntimos.",
    "De 9:00 h a 21:30 h": "De nueve horas a veintiuna treinta.",
    "El 01/02/2025, p. ej.": "El uno de febrero de dos mil veinticinco, por ejemplo.",
    "Nº 5 de EE. UU., a D. Luis": "número cinco de Estados Unidos, a don Luis.",
    "1 mes, 1 factura y 200 horas": "un mes, una factura y doscientas horas.",
    "1.000.000 € y 3,01 €": "un millón de euros y tres euros con un céntimo.",
    "21.000 o 31.000 personas": "veintiún mil o treinta y un mil personas.",
    "De 9 a. m. a 1:30 p.m., 8 pm": "De nueve de la mañana a una treinta de la tarde, "
    "ocho de la noche.",
    "A la 1 p. m.": "A la una de la tarde.",
    "Abre a las 10.30 h y hace -5 °C": "Abre a las diez treinta y hace menos cinco grados.",
    "1.5 millones y 1 millón de euros": "uno coma cinco millones y un millón de euros.",
    "El 2.5 % de 3.000": "El dos coma cinco por ciento de tres mil.",
    "1/2 hora, 1/2 kilo, 3/4 y 2½": "media hora, medio kilo, tres cuartos y dos y medio.",
    "Del siglo XXI, c/ Felipe II 3": "Del siglo veintiuno, calle Felipe segundo tres.",
    "Avda. Alfonso XIII, Isabel II, s/n": "avenida Alfonso trece, Isabel segunda, sin número.",
    "Carlos V. Gómez, tlf. 91": "Carlos uve. Gómez, teléfono nueve uno.",
    "C.P. 28001, 2.º dcha.": "código postal dos ocho cero cero uno, segundo derecha.",
    "El 1-2 de mayo, 24/7": "El uno al dos de mayo, veinticuatro siete.",
    "Pulse 1, 2 o #, y * para volver.": "Pulse uno, dos o almohadilla, y asterisco para volver.",
    "Escriba a su_voz@mi-casa.com.": "Escriba a su guion bajo voz arroba mi guion casa punto com.",
    "Visite https://www.voz.es/ayuda hoy": "Visite tres uve dobles punto voz punto es barra ayuda "
    "hoy.",
    "De L-V, en 24-48 h o 2-3 días": "De lunes a viernes, en veinticuatro a cuarenta y ocho horas "
    "o dos a tres días.",
    "A las 10.30. El art. 12.3": "A las diez treinta. El artículo doce punto tres.",
    "La 192.168.1.1, versión 2.0": "La ciento noventa y dos punto ciento sesenta y ocho punto uno "
    "punto uno, versión dos punto cero.",
    "19,90 €/mes (IVA 21%), 3 M€ y 5 EUR": "diecinueve euros con noventa al mes (iva "
    "veintiuno por ciento), tres millones de euros y cinco euros.",
    "El 1er 2x1: 3 × 4 = 12": "El primer dos por uno: tres por cuatro igual a doce.",
    "Menos de 5 min., 30 seg. En 5 min. Fin": "Menos de cinco minutos, treinta segundos. En cinco "
    "minutos. Fin.",
    "Uds. tienen 10 uds. de D.ª Ana": "ustedes tienen diez unidades de doña Ana.",
    "Enrique VIII, Juan XXIII y el Anexo II": "Enrique octavo, Juan veintitrés y el Anexo dos.",
    "120 km/h a 25 °C": "ciento veinte kilómetros por hora a veinticinco grados.",
}
ENGLISH = {
    "It costs $1,250.50 today": "It costs one thousand two hundred and fifty point five zero "
    "dollars today.",
    "Dr. Smith, at 10:05": "doctor Smith, at ten oh five.",
    "The 2nd and 21st of 3": "The second and twenty-first of three.",
    "Your FBI file, 5 GB": "Your eff bee eye file, five gigabytes.",
    "1 h, 50%": "one hour, fifty percent.",
    "Pay €5 3 times, 7 £ 2 times": "Pay five euros three times, seven pounds two times.",
    "STOP RIGHT THERE": "Stop right there.",
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), SPANISH.items())
def test_spanish_text(written, expected):
    assert read_aloud(written, "es") == expected


@pytest.mark.parametrize(("written", "expected"), ENGLISH.items())
def test_english_text(written, expected):
    assert read_aloud(written, "en") == expected


def test_an_empty_text_and_an_unknown_language_are_refused():
    with pytest.raises(EngineError) as caught:
        read_aloud(" …!", "es")
    assert caught.value.code == "empty_text"
    with pytest.raises(EngineError, match="es or en") as caught:
        read_aloud("Guten Tag", "de")
    assert caught.value.code == "bad_option"


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")), st.sampled_from(LANGUAGES))
@example("1" * 4096, "es")
@example("1" * 4096, "en")
@example("a." * 2048, "es")
def test_any_text_becomes_letters_and_punctuation(text, lang):
    result = read_aloud(f"a {text}", lang)
    assert not any(sign.isdigit() for sign in result)
    assert result.split(" ") == result.split()
    assert result[-1] not in " ,;:"
