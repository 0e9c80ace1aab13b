"""Names of months in the languages that worksheets are most often in. A date in another language is not guessed."""

from __future__ import annotations

import re

NAMES = (  # January to December
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januar februar marts april maj juni juli august september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)
MONTHS = dict[str, set[int]]()
for _line in NAMES:
    for _number, _name in enumerate(_line.split(), 1):
        MONTHS.setdefault(_name, set()).add(_number)


def month_of(text: str) -> int | None:
    """The month that a text names, 1 to 12; None where it names none, or words of two."""
    found = set[int]()
    for word in re.findall(r"[^\W\d_]+", text.casefold()):
        if len(numbers := MONTHS.get(word, set())) == 1:
            found |= numbers
    return found.pop() if len(found) == 1 else None
