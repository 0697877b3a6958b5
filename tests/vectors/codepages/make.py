#!/usr/bin/env python3
"""Writes single.txt and multi.txt, what others make of the code pages: CPython's codecs where it has
the page, else glibc's iconv. single.txt: number, source, and the characters of the page as
hexadecimal UTF-16 (fffd: none), without the lower half if that is US-ASCII. multi.txt: number, source, hexadecimal bytes, the text as JSON."""

import json
import os
import subprocess
import sys

PYTHON = {
    37: "cp037", 437: "cp437", 500: "cp500", 720: "cp720", 737: "cp737", 775: "cp775", 850: "cp850",
    852: "cp852", 855: "cp855", 857: "cp857", 858: "cp858", 860: "cp860", 861: "cp861", 862: "cp862",
    863: "cp863", 864: "cp864", 865: "cp865", 866: "cp866", 869: "cp869", 874: "cp874", 875: "cp875",
    1026: "cp1026", 1140: "cp1140", 1250: "cp1250", 1251: "cp1251", 1252: "cp1252", 1253: "cp1253",
    1254: "cp1254", 1255: "cp1255", 1256: "cp1256", 1257: "cp1257", 1258: "cp1258", 10000: "mac_roman",
    10004: "mac_arabic", 10006: "mac_greek", 10007: "mac_cyrillic", 10010: "mac_romanian",
    10029: "mac_latin2", 10079: "mac_iceland", 10081: "mac_turkish", 10082: "mac_croatian",
    20127: "ascii", 20273: "cp273", 20424: "cp424", 20866: "koi8_r", 21866: "koi8_u",
    28591: "iso8859_1", 28592: "iso8859_2", 28593: "iso8859_3", 28594: "iso8859_4", 28595: "iso8859_5",
    28596: "iso8859_6", 28597: "iso8859_7", 28598: "iso8859_8", 28599: "iso8859_9", 28605: "iso8859_15",
}
ICONV = {
    870: "IBM870", 1047: "IBM1047", 1141: "IBM1141", 1142: "IBM1142", 1143: "IBM1143", 1144: "IBM1144",
    1145: "IBM1145", 1146: "IBM1146", 1147: "IBM1147", 1148: "IBM1148", 1149: "IBM1149",
    20106: "ISO646-DE", 20107: "SEN_850200_C", 20108: "ISO646-NO", 20277: "IBM277", 20278: "IBM278", 20280: "IBM280",
    20284: "IBM284", 20285: "IBM285", 20297: "IBM297", 20423: "IBM423", 20838: "IBM1160", 20871: "IBM871", 20905: "IBM905",
    21025: "IBM1025",
}
TEXTS = {
    "ja": "日本語のテキスト、漢字とひらがな。カタカナ・ＡＢＣ ABC 123",
    "kana": "ｱｲｳ abc ﾊﾟｿｺﾝ 漢字ｶﾅ",
    "zh": "简体中文：您好，世界。GB 2312 ABC 123",
    "tw": "繁體中文：您好，世界。Big5 ABC 123",
    "ko": "한국어 텍스트: 안녕하세요, 세계. 漢字 ABC 123",
    "any": "Grüße, Ωμέγα, Привет, 😀 \u0000 tilde ~ plus + 日本 €",
    "lines": "日本\r\n한국\n中国~{\n",
}
MULTI = [
    (932, "cp932", "ja"), (932, "cp932", "kana"), (8, "cp932", "ja"), (936, "gbk", "zh"), (949, "cp949", "ko"), (950, "cp950", "tw"),
    (20932, "euc_jp", "ja"), (20932, "euc_jp", "kana"), (51932, "euc_jp", "ja"), (3, "euc_jp", "ja"),
    (20936, "gb2312", "zh"), (51936, "gb2312", "zh"), (51949, "euc_kr", "ko"), (54936, "gb18030", "any"),
    (54936, "gb18030", "zh"), (50220, "iso2022_jp", "ja"), (50221, "iso2022_jp", "ja"), (50222, "iso2022_jp", "ja"), (21, "iso2022_jp", "ja"),
    (50221, "iso2022_jp_ext", "kana"), (50225, "iso2022_kr", "ko"), (52936, "hz", "zh"),
    (1200, "utf_16_le", "any"), (1201, "utf_16_be", "any"), (12000, "utf_32_le", "any"),
    (12001, "utf_32_be", "any"), (65000, "utf_7", "any"), (65001, "utf_8", "any"), (4, "utf_8", "any"), (10, "utf_16_le", "any"),
    (0x90000100, "utf_16_be", "any"), (0x94000100, "utf_16_le", "any"), (0x8C000100, "utf_32_le", "any"),
    (0x98000100, "utf_32_be", "any"), (0x9C000100, "utf_32_le", "any"),
]


def by_iconv(name, byte):
    done = subprocess.run(["iconv", "-f", name, "-t", "UTF-16BE"], input=bytes([byte]), capture_output=True)
    return done.stdout.decode("utf-16-be") if done.returncode == 0 and len(done.stdout) == 2 else "\ufffd"


def by_python(name, byte):
    return bytes([byte]).decode(name, "replace")


def single():
    for number, name in sorted((PYTHON | ICONV).items()):
        python = number in PYTHON
        source = "python" if python else "iconv"
        decode = by_python if python else by_iconv
        chars = "".join(decode(name, byte) for byte in range(256))
        if chars[:128] == "".join(map(chr, range(128))):
            chars = chars[128:]
        yield f"{number} {source}:{name} {chars.encode('utf-16-be').hex()}"


def multi():
    for number, name, text in MULTI:
        text = TEXTS[text]
        yield f"{number} python:{name} {text.encode(name).hex()} {json.dumps(text)}"
    # every character of the plane of each encoding, ten to a line
    for number, name in [(932, "cp932"), (936, "gbk"), (949, "cp949"), (950, "cp950"), (54936, "gb18030"), (51949, "euc_kr"), (51936, "gb2312"), (51932, "euc_jp")]:
        chars = []
        # Big5 has its Greek and Cyrillic letters and its kana in different places in different systems
        far_east = lambda code: number != 950 or 0x4E00 <= code < 0xA000
        for code in list(range(0x80, 0xD800, 41)) + list(range(0xFF01, 0xFFE6, 11)):
            try:
                # EUC-KR of CPython puts Hangul that KS X 1001 lacks together from parts, in 8 bytes
                if len(chr(code).encode(name)) <= 4 and far_east(code):
                    chars.append(chr(code))
            except UnicodeEncodeError:
                pass
        text = "".join(chars)
        yield f"{number} python:{name} {text.encode(name).hex()} {json.dumps(text)}"
    name = "ISO-2022-CN"
    text = "简体中文 abc 您好\n世界"
    done = subprocess.run(["iconv", "-f", "UTF-8", "-t", name], input=text.encode(), capture_output=True, check=True)
    yield f"50227 iconv:{name} {done.stdout.hex()} {json.dumps(text)}"


os.chdir(os.path.dirname(os.path.abspath(__file__)))
for file, lines in (("single.txt", single()), ("multi.txt", multi())):
    with open(file, "w", encoding="ascii") as out:
        out.writelines(line + "\n" for line in lines)
print("written with CPython", sys.version.split()[0], file=sys.stderr)
