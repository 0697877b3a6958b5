//! The code pages of one byte for each character: written by scripts/codepages.mjs from those of .NET in
//! the npm package `codepage` (SheetJS, Apache-2.0). U+FFFD stands for a byte that means nothing.

/// How a page is written down.
pub(super) enum Table {
    /// The upper half; the lower one is US-ASCII.
    Ascii(&'static str),
    /// What follows on the 64 control characters of EBCDIC.
    Ebcdic(&'static str),
    Whole(&'static str),
}

/// What the bytes 0 to 63 mean in most EBCDIC pages.
pub(super) static EBCDIC_CONTROLS: &str = "\
        \u{0}\u{1}\u{2}\u{3}\u{9c}\u{9}\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{9d}\u{85}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{a}\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}";

/// By code page.
#[rustfmt::skip]
pub(super) static TABLES: &[(u32, Table)] = &[
    (37, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µ~stuvwxyz¡¿ÐÝÞ®\u{5e}£¥·©§¶¼½¾[]\u{af}\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (437, Table::Ascii("\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (500, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ[.<(+!&éêëèíîïìß]$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µ~stuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (708, Table::Ascii("\
        │┤éâ╡à╢çêëèïî╖╕╣║╗╝ô╜╛ûù┐└\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{f8c1}┴┬├¤─┼╞╟╚╔╩\u{60c}╦«»░▒▓╠═╬╧╨╤╥╙\u{61b}╘╒╓\u{61f}\
        ╫\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}\u{637}\u{638}\u{639}\u{63a}█▄▌▐▀\
        \u{640}\u{641}\u{642}\u{643}\u{644}\u{645}\u{646}\u{647}\u{648}\u{649}\u{64a}\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}\u{650}\u{651}\u{652}\u{f8c2}\u{f8c3}\u{f8c4}\u{f8c5}\u{f8c6}\u{f8c7}╪┘┌µ£■\u{a0}")),
    (720, Table::Ascii("\
        \u{80}\u{81}éâ\u{84}à\u{86}çêëèïî\u{8d}\u{8e}\u{8f}\u{90}\u{651}\u{652}ô¤\u{640}ûù\u{621}\u{622}\u{623}\u{624}£\u{625}\u{626}\u{627}\
        \u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        \u{636}\u{637}\u{638}\u{639}\u{63a}\u{641}µ\u{642}\u{643}\u{644}\u{645}\u{646}\u{647}\u{648}\u{649}\u{64a}≡\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}\u{650}≈°∙·√\u{207f}²■\u{a0}")),
    (737, Table::Ascii("\
        ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθ\
        ικλμνξοπρσςτυφχψ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        ωάέήϊίόύϋώΆΈΉΊΌΎΏ±≥≤ΪΫ÷≈°∙·√\u{207f}²■\u{a0}")),
    (775, Table::Ascii("\
        ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤\
        ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
        └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
        ÓßŌŃõÕµńĶķĻļņĒŅ’\u{ad}±“¾¶§÷„°∙·¹³²■\u{a0}")),
    (850, Table::Ascii("\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
        áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
        └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
        ÓßÔÒõÕµþÞÚÛÙýÝ\u{af}\u{b4}\u{ad}±‗¾¶§÷\u{b8}°\u{a8}·¹³²■\u{a0}")),
    (852, Table::Ascii("\
        ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
        áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
        └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
        ÓßÔŃńňŠšŔÚŕŰýÝţ\u{b4}\u{ad}\u{2dd}\u{2db}\u{2c7}\u{2d8}§÷\u{b8}°\u{a8}\u{2d9}űŘř■\u{a0}")),
    (855, Table::Ascii("\
        ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪ\
        аАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐\
        └┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀\
        ЯрРсСтТуУжЖвВьЬ№\u{ad}ыЫзЗшШэЭщЩчЧ§■\u{a0}")),
    (857, Table::Ascii("\
        ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞş\
        áíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
        └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ\u{fffd}ÍÎÏ┘┌█▄¦Ì▀\
        ÓßÔÒõÕµ\u{fffd}×ÚÛÙìÿ\u{af}\u{b4}\u{ad}±\u{fffd}¾¶§÷\u{b8}°\u{a8}·¹³²■\u{a0}")),
    (858, Table::Ascii("\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
        áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
        └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀\
        ÓßÔÒõÕµþÞÚÛÙýÝ\u{af}\u{b4}\u{ad}±‗¾¶§÷\u{b8}°\u{a8}·¹³²■\u{a0}")),
    (860, Table::Ascii("\
        ÇüéâãàÁçêÊèÍÔìÃÂÉÀÈôõòÚùÌÕÜ¢£Ù₧Ó\
        áíóúñÑªº¿Ò¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (861, Table::Ascii("\
        ÇüéâäàåçêëèÐðÞÄÅÉæÆôöþûÝýÖÜø£Ø₧ƒ\
        áíóúÁÍÓÚ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (862, Table::Ascii("\
        \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}¢£¥₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (863, Table::Ascii("\
        ÇüéâÂà¶çêëèïî‗À§ÉÈÊôËÏûù¤ÔÜ¢£ÙÛƒ\
        ¦\u{b4}óú\u{a8}\u{b8}³\u{af}Î⌐¬½¼¾«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (864, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"#$\u{66a}&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyz{|}~\u{7f}\
        °·∙√▒─│┼┤┬├┴┐┌└┘β∞φ±½¼≈«»\u{fef7}\u{fef8}\u{fffd}\u{fffd}\u{fefb}\u{fefc}\u{fffd}\
        \u{a0}\u{ad}\u{fe82}£¤\u{fe84}\u{fffd}\u{fffd}\u{fe8e}\u{fe8f}\u{fe95}\u{fe99}\u{60c}\u{fe9d}\u{fea1}\u{fea5}\u{660}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}\u{669}\u{fed1}\u{61b}\u{feb1}\u{feb5}\u{feb9}\u{61f}\
        ¢\u{fe80}\u{fe81}\u{fe83}\u{fe85}\u{feca}\u{fe8b}\u{fe8d}\u{fe91}\u{fe93}\u{fe97}\u{fe9b}\u{fe9f}\u{fea3}\u{fea7}\u{fea9}\u{feab}\u{fead}\u{feaf}\u{feb3}\u{feb7}\u{febb}\u{febf}\u{fec1}\u{fec5}\u{fecb}\u{fecf}¦¬÷×\u{fec9}\
        \u{640}\u{fed3}\u{fed7}\u{fedb}\u{fedf}\u{fee3}\u{fee7}\u{feeb}\u{feed}\u{feef}\u{fef3}\u{febd}\u{fecc}\u{fece}\u{fecd}\u{fee1}\u{fe7d}\u{651}\u{fee5}\u{fee9}\u{feec}\u{fef0}\u{fef2}\u{fed0}\u{fed5}\u{fef5}\u{fef6}\u{fedd}\u{fed9}\u{fef1}■\u{fffd}")),
    (865, Table::Ascii("\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒ\
        áíóúñÑªº¿⌐¬½¼¡«¤░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√\u{207f}²■\u{a0}")),
    (866, Table::Ascii("\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{a0}")),
    (869, Table::Ascii("\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}Ά\u{fffd}·¬¦‘’Έ―ΉΊΪΌ\u{fffd}\u{fffd}ΎΫ©Ώ²³ά£έήί\
        ϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΜΝ╣║╗╝ΞΟ┐\
        └┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀\
        ζηθικλμνξοπρσςτ\u{384}\u{ad}±υφχ§ψ\u{385}°\u{a8}ωϋΰώ■\u{a0}")),
    (870, Table::Ebcdic("\
        \u{20}\u{a0}âäţáăčçć[.<(+!&éęëůíîľĺß]$*);\u{5e}\
        -/ÂÄ\u{2dd}ÁĂČÇĆ|,%_>?\u{2c7}ÉĘËŮÍÎĽĹ\u{60}:#@'=\"\
        \u{2d8}abcdefghiśňđýřş°jklmnopqrłńš\u{b8}\u{2db}¤\
        ą~stuvwxyzŚŇĐÝŘŞ\u{2d9}ĄżŢŻ§žźŽŹŁŃŠ\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöŕóő}JKLMNOPQRĚűüťúě\
        \\÷STUVWXYZďÔÖŔÓŐ0123456789ĎŰÜŤÚ\u{9f}")),
    (874, Table::Ascii("\
        €\u{fffd}\u{fffd}\u{fffd}\u{fffd}…\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{a0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ\
        ภมยรฤลฦวศษสหฬอฮฯะ\u{e31}าำ\u{e34}\u{e35}\u{e36}\u{e37}\u{e38}\u{e39}\u{e3a}\u{fffd}\u{fffd}\u{fffd}\u{fffd}฿\
        เแโใไๅ\u{e46}\u{e47}\u{e48}\u{e49}\u{e4a}\u{e4b}\u{e4c}\u{e4d}\u{e4e}๏๐๑๒๓๔๕๖๗๘๙๚๛\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (875, Table::Ebcdic("\
        \u{20}ΑΒΓΔΕΖΗΘΙ[.<(+!&ΚΛΜΝΞΟΠΡΣ]$*);\u{5e}\
        -/ΤΥΦΧΨΩΪΫ|,%_>?\u{a8}ΆΈΉ\u{a0}ΊΌΎΏ\u{60}:#@'=\"\
        \u{385}abcdefghiαβγδεζ°jklmnopqrηθικλμ\
        \u{b4}~stuvwxyzνξοπρσ£άέήϊίόύϋώςτυφχψ\
        {ABCDEFGHI\u{ad}ωΐΰ‘―}JKLMNOPQR±½\u{1a}·’¦\
        \\\u{1a}STUVWXYZ²§\u{1a}\u{1a}«¬0123456789³©\u{1a}\u{1a}»\u{9f}")),
    (1026, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãå{ñÇ.<(+!&éêëèíîïìßĞİ*);\u{5e}\
        -/ÂÄÀÁÃÅ[Ñş,%_>?øÉÊËÈÍÎÏÌı:ÖŞ'=Ü\
        Øabcdefghi«»}\u{60}¦±°jklmnopqrªºæ\u{b8}Æ¤\
        µöstuvwxyz¡¿]$@®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        çABCDEFGHI\u{ad}ô~òóõğJKLMNOPQR¹û\\ùúÿ\
        ü÷STUVWXYZ²Ô#ÒÓÕ0123456789³Û\"ÙÚ\u{9f}")),
    (1047, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{9c}\u{9}\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{9d}\u{a}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}\
        \u{20}\u{a0}âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µ~stuvwxyz¡¿Ð[Þ®¬£¥·©§¶¼½¾Ý\u{a8}\u{af}]\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1140, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ€\
        µ~stuvwxyz¡¿ÐÝÞ®\u{5e}£¥·©§¶¼½¾[]\u{af}\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1141, Table::Ebcdic("\
        \u{20}\u{a0}â{àáãåçñÄ.<(+!&éêëèíîïì~Ü$*);\u{5e}\
        -/Â[ÀÁÃÅÇÑö,%_>?øÉÊËÈÍÎÏÌ\u{60}:#§'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ€\
        µßstuvwxyz¡¿ÐÝÞ®¢£¥·©@¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        äABCDEFGHI\u{ad}ô¦òóõüJKLMNOPQR¹û}ùúÿ\
        Ö÷STUVWXYZ²Ô\\ÒÓÕ0123456789³Û]ÙÚ\u{9f}")),
    (1142, Table::Ebcdic("\
        \u{20}\u{a0}âäàáã}çñ#.<(+!&éêëèíîïìß€Å*);\u{5e}\
        -/ÂÄÀÁÃ$ÇÑø,%_>?¦ÉÊËÈÍÎÏÌ\u{60}:ÆØ'=\"\
        @abcdefghi«»ðýþ±°jklmnopqrªº{\u{b8}[]\
        µüstuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        æABCDEFGHI\u{ad}ôöòóõåJKLMNOPQR¹û~ùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1143, Table::Ebcdic("\
        \u{20}\u{a0}â{àáã}çñ§.<(+!&\u{60}êëèíîïìß€Å*);\u{5e}\
        -/Â#ÀÁÃ$ÇÑö,%_>?ø\\ÊËÈÍÎÏÌé:ÄÖ'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ]\
        µüstuvwxyz¡¿ÐÝÞ®¢£¥·©[¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        äABCDEFGHI\u{ad}ô¦òóõåJKLMNOPQR¹û~ùúÿ\
        É÷STUVWXYZ²Ô@ÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1144, Table::Ebcdic("\
        \u{20}\u{a0}âä{áãå\\ñ°.<(+!&]êë}íîï~ßé$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑò,%_>?øÉÊËÈÍÎÏÌù:£§'=\"\
        Øabcdefghi«»ðýþ±[jklmnopqrªºæ\u{b8}Æ€\
        µìstuvwxyz¡¿ÐÝÞ®¢#¥·©@¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        àABCDEFGHI\u{ad}ôö¦óõèJKLMNOPQR¹ûü\u{60}úÿ\
        ç÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1145, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåç¦[.<(+|&éêëèíîïìß]$*);¬\
        -/ÂÄÀÁÃÅÇ#ñ,%_>?øÉÊËÈÍÎÏÌ\u{60}:Ñ@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ€\
        µ\u{a8}stuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾\u{5e}!\u{af}~\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1146, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ$.<(+|&éêëèíîïìß!£*);¬\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ€\
        µ\u{af}stuvwxyz¡¿ÐÝÞ®¢[¥·©§¶¼½¾\u{5e}]~\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1147, Table::Ebcdic("\
        \u{20}\u{a0}âä@áãå\\ñ°.<(+!&{êë}íîïìß§$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑù,%_>?øÉÊËÈÍÎÏÌµ:£à'=\"\
        Øabcdefghi«»ðýþ±[jklmnopqrªºæ\u{b8}Æ€\
        \u{60}\u{a8}stuvwxyz¡¿ÐÝÞ®¢#¥·©]¶¼½¾¬|\u{af}~\u{b4}×\
        éABCDEFGHI\u{ad}ôöòóõèJKLMNOPQR¹ûü¦úÿ\
        ç÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1148, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ[.<(+!&éêëèíîïìß]$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ€\
        µ~stuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1149, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñÞ.<(+!&éêëèíîïìßÆ$*);Ö\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌð:#Ð'=\"\
        Øabcdefghi«»\u{60}ý{±°jklmnopqrªº}\u{b8}]€\
        µöstuvwxyz¡¿@Ý[®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\\×\
        þABCDEFGHI\u{ad}ô~òóõæJKLMNOPQR¹ûüùúÿ\
        \u{b4}÷STUVWXYZ²Ô\u{5e}ÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (1250, Table::Ascii("\
        €\u{fffd}‚\u{fffd}„…†‡\u{fffd}‰Š‹ŚŤŽŹ\u{fffd}‘’“”•–—\u{fffd}™š›śťžź\
        \u{a0}\u{2c7}\u{2d8}Ł¤Ą¦§\u{a8}©Ş«¬\u{ad}®Ż°±\u{2db}ł\u{b4}µ¶·\u{b8}ąş»Ľ\u{2dd}ľż\
        ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
        ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u{2d9}")),
    (1251, Table::Ascii("\
        ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{fffd}™љ›њќћџ\
        \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмнопрстуфхцчшщъыьэюя")),
    (1252, Table::Ascii("\
        €\u{fffd}‚ƒ„…†‡\u{2c6}‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—\u{2dc}™š›œ\u{fffd}žŸ\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
        àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ")),
    (1253, Table::Ascii("\
        €\u{fffd}‚ƒ„…†‡\u{fffd}‰\u{fffd}‹\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{fffd}™\u{fffd}›\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{a0}\u{385}Ά£¤¥¦§\u{a8}©\u{fffd}«¬\u{ad}®―°±²³\u{384}µ¶·ΈΉΊ»Ό½ΎΏ\
        ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\u{fffd}ΣΤΥΦΧΨΩΪΫάέήί\
        ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ\u{fffd}")),
    (1254, Table::Ascii("\
        €\u{fffd}‚ƒ„…†‡\u{2c6}‰Š‹Œ\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{2dc}™š›œ\u{fffd}\u{fffd}Ÿ\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
        àáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ")),
    (1255, Table::Ascii("\
        €\u{fffd}‚ƒ„…†‡\u{2c6}‰\u{fffd}‹\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{2dc}™\u{fffd}›\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{a0}¡¢£₪¥¦§\u{a8}©×«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹÷»¼½¾¿\
        \u{5b0}\u{5b1}\u{5b2}\u{5b3}\u{5b4}\u{5b5}\u{5b6}\u{5b7}\u{5b8}\u{5b9}\u{fffd}\u{5bb}\u{5bc}\u{5bd}\u{5be}\u{5bf}\u{5c0}\u{5c1}\u{5c2}\u{5c3}\u{5f0}\u{5f1}\u{5f2}\u{5f3}\u{5f4}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}\u{fffd}\u{fffd}\u{200e}\u{200f}\u{fffd}")),
    (1256, Table::Ascii("\
        €\u{67e}‚ƒ„…†‡\u{2c6}‰\u{679}‹Œ\u{686}\u{698}\u{688}\u{6af}‘’“”•–—\u{6a9}™\u{691}›œ\u{200c}\u{200d}\u{6ba}\
        \u{a0}\u{60c}¢£¤¥¦§\u{a8}©\u{6be}«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹\u{61b}»¼½¾\u{61f}\
        \u{6c1}\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}×\u{637}\u{638}\u{639}\u{63a}\u{640}\u{641}\u{642}\u{643}\
        à\u{644}â\u{645}\u{646}\u{647}\u{648}çèéêë\u{649}\u{64a}îï\u{64b}\u{64c}\u{64d}\u{64e}ô\u{64f}\u{650}÷\u{651}ù\u{652}ûü\u{200e}\u{200f}\u{6d2}")),
    (1257, Table::Ascii("\
        €\u{fffd}‚\u{fffd}„…†‡\u{fffd}‰\u{fffd}‹\u{fffd}\u{a8}\u{2c7}\u{b8}\u{fffd}‘’“”•–—\u{fffd}™\u{fffd}›\u{fffd}\u{af}\u{2db}\u{fffd}\
        \u{a0}\u{fffd}¢£¤\u{fffd}¦§Ø©Ŗ«¬\u{ad}®Æ°±²³\u{b4}µ¶·ø¹ŗ»¼½¾æ\
        ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽß\
        ąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž\u{2d9}")),
    (1258, Table::Ascii("\
        €\u{fffd}‚ƒ„…†‡\u{2c6}‰\u{fffd}‹Œ\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{2dc}™\u{fffd}›œ\u{fffd}\u{fffd}Ÿ\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂĂÄÅÆÇÈÉÊË\u{300}ÍÎÏĐÑ\u{309}ÓÔƠÖ×ØÙÚÛÜƯ\u{303}ß\
        àáâăäåæçèéêë\u{301}íîïđñ\u{323}óôơö÷øùúûüư₫ÿ")),
    (10000, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®©™\u{b4}\u{a8}≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤‹›ﬁﬂ\
        ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{fffd}ÒÚÛÙı\u{2c6}\u{2dc}\u{af}\u{2d8}\u{2d9}\u{2da}\u{b8}\u{2dd}\u{2db}\u{2c7}")),
    (10004, Table::Ascii("\
        Ä\u{a0}ÇÉÑÖÜáàâä\u{6ba}«çéèêëí…îïñó»ôö÷úùûü\
        \u{f827}\u{f828}\u{f829}\u{f82a}\u{f82b}\u{66a}\u{f82c}\u{f82d}\u{f82e}\u{f82f}\u{f830}\u{f831}\u{60c}\u{f832}\u{f833}\u{f834}\u{660}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}\u{669}\u{f835}\u{61b}\u{f836}\u{f837}\u{f838}\u{61f}\
        \u{66d}\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}\u{637}\u{638}\u{639}\u{63a}\u{f839}\u{f83a}\u{f83b}\u{f83c}\u{f83d}\
        \u{640}\u{641}\u{642}\u{643}\u{644}\u{645}\u{646}\u{647}\u{648}\u{649}\u{64a}\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}\u{650}\u{651}\u{652}\u{67e}\u{679}\u{686}\u{6d5}\u{6a4}\u{6af}\u{688}\u{691}\u{f83e}\u{f83f}\u{f840}\u{698}\u{6d2}")),
    (10005, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        \u{f7fc}\u{f7fd}\u{f7fe}\u{f7ff}¤\u{f800}₪\u{f801}\u{f802}\u{f803}\u{f804}\u{f805}\u{f806}\u{f807}\u{f808}\u{f809}\u{f80a}\u{f80b}\u{f80c}\u{f80d}\u{f80e}\u{f80f}\u{f810}\u{f811}\u{f812}\u{f813}\u{f814}\u{f815}\u{f816}\u{f817}\u{f818}\u{f819}\
        \u{f81a}„\u{f81b}\u{f81c}\u{f81d}\u{5bd}\u{5bc}\u{f81e}\u{f81f}…\u{a0}\u{fffd}\u{5b7}\u{5b5}\u{5b6}\u{5b4}–—“”‘’\u{f820}\u{f821}\u{5be}\u{5b0}\u{5b2}\u{5b1}\u{5bb}\u{5c1}\u{5b8}\u{5b3}\
        \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}\u{f822}\u{f823}\u{f824}\u{f825}\u{f826}")),
    (10006, Table::Ascii("\
        Ä¹²É³ÖÜ\u{385}àâä\u{384}\u{a8}çéèêë£™îï•½‰ôö¦\u{ad}ùûü\
        †ΓΔΘΛΞΠß®©ΣΪ§≠°·Α±≤≥¥ΒΕΖΗΙΚΜΦΫΨΩ\
        άΝ¬ΟΡ≈Τ«»…\u{a0}ΥΧΆΈœ–―“”‘’÷ΉΊΌΎέήίόΏ\
        ύαβψδεφγηιξκλμνοπώρστθωςχυζϊϋΐΰ\u{fffd}")),
    (10007, Table::Ascii("\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        †°¢£§•¶І®©™Ђђ≠Ѓѓ∞±≤≥іµ∂ЈЄєЇїЉљЊњ\
        јЅ¬√ƒ≈∆«»…\u{a0}ЋћЌќѕ–—“”‘’÷„ЎўЏџ№Ёёя\
        абвгдежзийклмнопрстуфхцчшщъыьэю¤")),
    (10010, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®©™\u{b4}\u{a8}≠ĂŞ∞±≤≥¥µ∂∑∏π∫ªºΩăş\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤‹›Ţţ\
        ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙı\u{2c6}\u{2dc}\u{af}\u{2d8}\u{2d9}\u{2da}\u{b8}\u{2dd}\u{2db}\u{2c7}")),
    (10017, Table::Ascii("\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        †°Ґ£§•¶І®©™Ђђ≠Ѓѓ∞±≤≥іµґЈЄєЇїЉљЊњ\
        јЅ¬√ƒ≈∆«»…\u{a0}ЋћЌќѕ–—“”‘’÷„ЎўЏџ№Ёёя\
        абвгдежзийклмнопрстуфхцчшщъыьэю¤")),
    (10021, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"#$%&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyz{|}~\u{fffd}\
        «»…\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}“”\u{fffd}\u{fffd}•\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’\u{fffd}\
        \u{a0}กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ\
        ภมยรฤลฦวศษสหฬอฮฯะ\u{e31}าำ\u{e34}\u{e35}\u{e36}\u{e37}\u{e38}\u{e39}\u{e3a}\u{feff}\u{200b}–—฿\
        เแโใไๅ\u{e46}\u{e47}\u{e48}\u{e49}\u{e4a}\u{e4b}\u{e4c}\u{e4d}™๏๐๑๒๓๔๕๖๗๘๙®©\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (10029, Table::Ascii("\
        ÄĀāÉĄÖÜáąČäčĆćéŹźĎíďĒēĖóėôöõúĚěü\
        †°Ę£§•¶ß®©™ę\u{a8}≠ģĮįĪ≤≥īĶ∂∑łĻļĽľĹĺŅ\
        ņŃ¬√ńŇ∆«»…\u{a0}ňŐÕőŌ–—“”‘’÷◊ōŔŕŘ‹›řŖ\
        ŗŠ‚„šŚśÁŤťÍŽžŪÓÔūŮÚůŰűŲųÝýķŻŁżĢ\u{2c7}")),
    (10079, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        Ý°¢£§•¶ß®©™\u{b4}\u{a8}≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤ÐðÞþ\
        ý·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{fffd}ÒÚÛÙı\u{2c6}\u{2dc}\u{af}\u{2d8}\u{2d9}\u{2da}\u{b8}\u{2dd}\u{2db}\u{2c7}")),
    (10081, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®©™\u{b4}\u{a8}≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
        ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸĞğİıŞş\
        ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{fffd}ÒÚÛÙ\u{fffd}\u{2c6}\u{2dc}\u{af}\u{2d8}\u{2d9}\u{2da}\u{b8}\u{2dd}\u{2db}\u{2c7}")),
    (10082, Table::Ascii("\
        ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
        †°¢£§•¶ß®Š™\u{b4}\u{a8}≠ŽØ∞±≤≥∆µ∂∑∏š∫ªºΩžø\
        ¿¡¬√ƒ≈Ć«Č…\u{a0}ÀÃÕŒœĐ—“”‘’÷◊\u{f8ff}©⁄¤‹›Æ»\
        –·‚„‰ÂćÁčÈÍÎÏÌÓÔđÒÚÛÙı\u{2c6}\u{2dc}\u{af}πË\u{2da}\u{b8}Êæ\u{2c7}")),
    (20105, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"#¤%&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyz{|}‾∇\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (20106, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"#$%&'()*+,-./0123456789:;<=>?\
        §ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyzäöüß\u{7f}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (20107, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"#¤%&'()*+,-./0123456789:;<=>?\
        ÉABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÅÜ_\
        éabcdefghijklmnopqrstuvwxyzäöåü\u{7f}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (20108, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"§$%&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZÆØÅ\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyzæøå|\u{7f}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (20269, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{20}!\"\u{fffd}\u{fffd}%&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]\u{fffd}_\
        \u{fffd}abcdefghijklmnopqrstuvwxyz{|}\u{fffd}\u{f8f6}\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{fffd}\u{fffd}\
        \u{a0}¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½\u{f8f7}¿\
        \u{fffd}\u{60}\u{b4}\u{5e}~\u{af}\u{306}\u{f8f8}\u{308}\u{fffd}\u{30a}\u{327}\u{332}\u{30b}\u{328}\u{30c}―¹®©™♩\u{f8f9}\u{f8fa}\u{f8fb}\u{f8fc}\u{fffd}\u{fffd}⅛⅜⅝⅞\
        ΩÆÐ\u{f8fd}Ħ\u{fffd}ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧ\u{f8fe}\u{f8ff}")),
    (20273, Table::Ebcdic("\
        \u{20}\u{a0}â{àáãåçñÄ.<(+!&éêëèíîïì~Ü$*);\u{5e}\
        -/Â[ÀÁÃÅÇÑö,%_>?øÉÊËÈÍÎÏÌ\u{60}:#§'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µßstuvwxyz¡¿ÐÝÞ®¢£¥·©@¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        äABCDEFGHI\u{ad}ô¦òóõüJKLMNOPQR¹û}ùúÿ\
        Ö÷STUVWXYZ²Ô\\ÒÓÕ0123456789³Û]ÙÚ\u{9f}")),
    (20277, Table::Ebcdic("\
        \u{20}\u{a0}âäàáã}çñ#.<(+!&éêëèíîïìß¤Å*);\u{5e}\
        -/ÂÄÀÁÃ$ÇÑø,%_>?¦ÉÊËÈÍÎÏÌ\u{60}:ÆØ'=\"\
        @abcdefghi«»ðýþ±°jklmnopqrªº{\u{b8}[]\
        µüstuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        æABCDEFGHI\u{ad}ôöòóõåJKLMNOPQR¹û~ùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20278, Table::Ebcdic("\
        \u{20}\u{a0}â{àáã}çñ§.<(+!&\u{60}êëèíîïìß¤Å*);\u{5e}\
        -/Â#ÀÁÃ$ÇÑö,%_>?ø\\ÊËÈÍÎÏÌé:ÄÖ'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ]\
        µüstuvwxyz¡¿ÐÝÞ®¢£¥·©[¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        äABCDEFGHI\u{ad}ô¦òóõåJKLMNOPQR¹û~ùúÿ\
        É÷STUVWXYZ²Ô@ÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20280, Table::Ebcdic("\
        \u{20}\u{a0}âä{áãå\\ñ°.<(+!&]êë}íîï~ßé$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑò,%_>?øÉÊËÈÍÎÏÌù:£§'=\"\
        Øabcdefghi«»ðýþ±[jklmnopqrªºæ\u{b8}Æ¤\
        µìstuvwxyz¡¿ÐÝÞ®¢#¥·©@¶¼½¾¬|\u{af}\u{a8}\u{b4}×\
        àABCDEFGHI\u{ad}ôö¦óõèJKLMNOPQR¹ûü\u{60}úÿ\
        ç÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20284, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåç¦[.<(+|&éêëèíîïìß]$*);¬\
        -/ÂÄÀÁÃÅÇ#ñ,%_>?øÉÊËÈÍÎÏÌ\u{60}:Ñ@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µ\u{a8}stuvwxyz¡¿ÐÝÞ®¢£¥·©§¶¼½¾\u{5e}!\u{af}~\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20285, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñ$.<(+|&éêëèíîïìß!£*);¬\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæ\u{b8}Æ¤\
        µ\u{af}stuvwxyz¡¿ÐÝÞ®¢[¥·©§¶¼½¾\u{5e}]~\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20290, Table::Ebcdic("\
        \u{20}｡｢｣､･ｦｧｨｩ£.<(+|&ｪｫｬｭｮｯ\u{fffd}\u{ff70}\u{fffd}!¥*);¬\
        -/abcdefgh\u{fffd},%_>?[ijklmnop\u{60}:#@'=\"\
        ]ｱｲｳｴｵｶｷｸｹｺqｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉr\u{fffd}ﾊﾋﾌ\
        ~‾ﾍﾎﾏﾐﾑﾒﾓﾔﾕsﾖﾗﾘﾙ\u{5e}¢\\tuvwxyzﾚﾛﾜﾝ\u{ff9e}\u{ff9f}\
        {ABCDEFGHI\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}}JKLMNOPQR\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        $\u{fffd}STUVWXYZ\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}0123456789\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{9f}")),
    (20297, Table::Ebcdic("\
        \u{20}\u{a0}âä@áãå\\ñ°.<(+!&{êë}íîïìß§$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑù,%_>?øÉÊËÈÍÎÏÌµ:£à'=\"\
        Øabcdefghi«»ðýþ±[jklmnopqrªºæ\u{b8}Æ¤\
        \u{60}\u{a8}stuvwxyz¡¿ÐÝÞ®¢#¥·©]¶¼½¾¬|\u{af}~\u{b4}×\
        éABCDEFGHI\u{ad}ôöòóõèJKLMNOPQR¹ûü¦úÿ\
        ç÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20420, Table::Ebcdic("\
        \u{20}\u{a0}\u{fe7c}\u{fe7d}\u{640}\u{f8fc}\u{fe80}\u{fe81}\u{fe82}\u{fe83}¢.<(+|&\u{fe84}\u{fe85}\u{fffd}\u{fffd}\u{fe8b}\u{fe8d}\u{fe8e}\u{fe8f}\u{fe91}!$*);¬\
        -/\u{fe93}\u{fe95}\u{fe97}\u{fe99}\u{fe9b}\u{fe9d}\u{fe9f}\u{fea1}¦,%_>?\u{fea3}\u{fea5}\u{fea7}\u{fea9}\u{feab}\u{fead}\u{feaf}\u{f8f6}\u{feb3}\u{60c}:#@'=\"\
        \u{f8f5}abcdefghi\u{feb7}\u{f8f4}\u{febb}\u{f8f7}\u{febf}\u{fec3}\u{fec7}jklmnopqr\u{fec9}\u{feca}\u{fecb}\u{fecc}\u{fecd}\u{fece}\
        \u{fecf}÷stuvwxyz\u{fed0}\u{fed1}\u{fed3}\u{fed5}\u{fed7}\u{fed9}\u{fedb}\u{fedd}\u{fef5}\u{fef6}\u{fef7}\u{fef8}\u{fffd}\u{fffd}\u{fefb}\u{fefc}\u{fedf}\u{fee1}\u{fee3}\u{fee5}\u{fee7}\u{fee9}\
        \u{61b}ABCDEFGHI\u{ad}\u{feeb}\u{fffd}\u{feec}\u{fffd}\u{feed}\u{61f}JKLMNOPQR\u{feef}\u{fef0}\u{fef1}\u{fef2}\u{fef3}\u{660}\
        ×\u{2007}STUVWXYZ\u{661}\u{662}\u{fffd}\u{663}\u{664}\u{665}0123456789\u{fffd}\u{666}\u{667}\u{668}\u{669}\u{9f}")),
    (20423, Table::Ebcdic("\
        \u{20}ΑΒΓΔΕΖΗΘΙ[.<(+!&ΚΛΜΝΞΟΠΡΣ]$*);\u{5e}\
        -/ΤΥΦΧΨΩ\u{fffd}\u{fffd}|,%_>?\u{fffd}ΆΈΉ\u{a0}ΊΌΎΏ\u{60}:£§'=\"\
        ÄabcdefghiαβγδεζÖjklmnopqrηθικλμ\
        Ü\u{a8}stuvwxyzνξοπρσ\u{fffd}άέήϊίόύϋώςτυφχψ\
        \u{b8}ABCDEFGHI\u{ad}ωâàäê\u{b4}JKLMNOPQR±éèëîï\
        °\u{fffd}STUVWXYZ½öôûùü0123456789ÿçÇ\u{fffd}\u{fffd}\u{9f}")),
    (20424, Table::Ebcdic("\
        \u{20}\u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}¢.<(+|&\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}!$*);¬\
        -/\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}¦,%_>?\u{fffd}\u{5ea}\u{fffd}\u{fffd}\u{a0}\u{fffd}\u{fffd}\u{fffd}‗\u{60}:#@'=\"\
        \u{fffd}abcdefghi«»\u{fffd}\u{fffd}\u{fffd}±°jklmnopqr\u{fffd}\u{fffd}\u{fffd}\u{b8}\u{fffd}¤\
        µ~stuvwxyz\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}®\u{5e}£¥•©§¶¼½¾[]‾\u{a8}\u{b4}×\
        {ABCDEFGHI\u{ad}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}}JKLMNOPQR¹\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \\÷STUVWXYZ²\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}0123456789³\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{9f}")),
    (20833, Table::Ebcdic("\
        \u{20}\u{fffd}ﾠﾡﾢﾣﾤﾥﾦﾧ¢.<(+|&\u{fffd}ﾨﾩﾪﾫﾬﾭﾮﾯ!$*);¬\
        -/ﾰﾱﾲﾳﾴﾵﾶﾷ¦,%_>?[\u{fffd}ﾸﾹﾺﾻﾼﾽﾾ\u{60}:#@'=\"\
        ]abcdefghiￂￃￄￅￆￇ\u{fffd}jklmnopqrￊￋￌￍￎￏ\
        ‾~stuvwxyzￒￓￔￕￖￗ\u{5e}\u{fffd}\\\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}ￚￛￜ\u{fffd}\u{fffd}\u{fffd}\
        {ABCDEFGHI\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}}JKLMNOPQR\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        ₩\u{fffd}STUVWXYZ\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}0123456789\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{9f}")),
    (20838, Table::Ebcdic("\
        \u{20}\u{a0}กขฃคฅฆง[¢.<(+|&\u{fffd}จฉชซฌญฎ]!$*);¬\
        -/ฏฐฑฒณดต\u{5e}¦,%_>?฿\u{e4e}ถทธนบปผ\u{60}:#@'=\"\
        ๏abcdefghiฝพฟภมย๚jklmnopqrรฤลฦวศ\
        ๛~stuvwxyzษสหฬอฮ๐๑๒๓๔๕๖๗๘๙ฯะ\u{e31}าำ\u{e34}\
        {ABCDEFGHI\u{fffd}\u{e35}\u{e36}\u{e37}\u{e38}\u{e39}}JKLMNOPQR\u{e3a}เแโใไ\
        \\\u{fffd}STUVWXYZๅ\u{e46}\u{e47}\u{e48}\u{e49}\u{e4a}0123456789\u{e4b}\u{e4c}\u{e4d}\u{fffd}\u{fffd}\u{9f}")),
    (20866, Table::Ascii("\
        ─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{a0}⌡°²·÷\
        ═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©\
        юабцдефгхийклмнопярстужвьызшэщчъ\
        ЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ")),
    (20871, Table::Ebcdic("\
        \u{20}\u{a0}âäàáãåçñÞ.<(+!&éêëèíîïìßÆ$*);Ö\
        -/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌð:#Ð'=\"\
        Øabcdefghi«»\u{60}ý{±°jklmnopqrªº}\u{b8}]¤\
        µöstuvwxyz¡¿@Ý[®¢£¥·©§¶¼½¾¬|\u{af}\u{a8}\\×\
        þABCDEFGHI\u{ad}ô~òóõæJKLMNOPQR¹ûüùúÿ\
        \u{b4}÷STUVWXYZ²Ô\u{5e}ÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (20880, Table::Ebcdic("\
        \u{20}\u{a0}ђѓёєѕіїј[.<(+!&љњћќўџЪ№Ђ]$*);\u{5e}\
        -/ЃЁЄЅІЇЈЉ|,%_>?ЊЋЌ\u{ad}ЎЏюаб\u{60}:#@'=\"\
        цabcdefghiдефгхийjklmnopqrклмноп\
        я~stuvwxyzрстужвьызшэщчъЮАБЦДЕФГ\
        {ABCDEFGHIХИЙКЛМ}JKLMNOPQRНОПЯРС\
        \\¤STUVWXYZТУЖВЬЫ0123456789ЗШЭЩЧ\u{9f}")),
    (20905, Table::Ebcdic("\
        \u{20}\u{a0}âäàá\u{fffd}ċ{ñÇ.<(+!&éêëèíîïìßĞİ*);\u{5e}\
        -/ÂÄÀÁ\u{fffd}Ċ[Ñş,%_>?\u{fffd}ÉÊËÈÍÎÏÌı:ÖŞ'=Ü\
        \u{2d8}abcdefghiħĉŝŭ\u{fffd}|°jklmnopqrĥĝĵ\u{b8}\u{fffd}¤\
        µöstuvwxyzĦĈŜŬ\u{fffd}@\u{2d9}£ż}Ż§]·½$ĤĜĴ\u{a8}\u{b4}×\
        çABCDEFGHI\u{ad}ô~òóġğJKLMNOPQR\u{60}û\\ùú\u{fffd}\
        ü÷STUVWXYZ²Ô#ÒÓĠ0123456789³Û\"ÙÚ\u{9f}")),
    (20924, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{9c}\u{9}\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{9d}\u{a}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}\
        \u{20}\u{a0}âäàáãåçñÝ.<(+|&éêëèíîïìß!$*);\u{5e}\
        -/ÂÄÀÁÃÅÇÑŠ,%_>?øÉÊËÈÍÎÏÌ\u{60}:#@'=\"\
        Øabcdefghi«»ðýþ±°jklmnopqrªºæžÆ€\
        µ~stuvwxyz¡¿Ð[Þ®¢£¥·©§¶Œœ\u{fffd}¬š\u{af}]Ž×\
        {ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\
        \\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}")),
    (21025, Table::Ebcdic("\
        \u{20}\u{a0}ђѓёєѕіїј[.<(+!&љњћќўџЪ№Ђ]$*);\u{5e}\
        -/ЃЁЄЅІЇЈЉ|,%_>?ЊЋЌ\u{ad}ЎЏюаб\u{60}:#@'=\"\
        цabcdefghiдефгхийjklmnopqrклмноп\
        я~stuvwxyzрстужвьызшэщчъЮАБЦДЕФГ\
        {ABCDEFGHIХИЙКЛМ}JKLMNOPQRНОПЯРС\
        \\§STUVWXYZТУЖВЬЫ0123456789ЗШЭЩЧ\u{9f}")),
    (21027, Table::Whole("\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\
        \u{f8c4}\u{f8c5}\u{f8c6}\u{f8c7}\u{f8c8}\u{f8c9}\u{f8ca}\u{f8cb}\u{f8cc}\u{f8cd}\u{f8ce}\u{f8cf}\u{f8d0}\u{f8d1}\u{f8d2}\u{f8d3}\u{f8d4}\u{f8d5}\u{f8d6}\u{f8d7}\u{f8d8}\u{f8d9}\u{f8da}\u{f8db}\u{f8dc}\u{f8dd}\u{f8de}\u{f8df}\u{f8e0}\u{f8e1}\u{0}\u{f8e2}\
        \u{20}\u{0}｡｢｣､･ｦｧｨ¢.<(+|&ｩｪｫｬｭｮｯ\u{ff70}ｱ!$*);¬\
        -/ｲｳｴｵｶｷ\u{f8e3}ｹ\u{0},%_>?ｺｻｼｽｾｿﾀﾁﾂ\u{60}:#@'\u{f8e4}\"\
        \u{0}abcdefghiﾃﾄﾅﾆ\u{8e}ﾈ\u{0}jklmnopqrﾉﾊﾋﾌﾍﾎ\
        \u{af}~stuvwxyzﾏﾐﾑ[ﾒﾓ\u{5e}£¥ﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ]\u{ff9e}\u{ff9f}\
        {ABCDEFG\u{f8e5}\u{f8e6}\u{f8e7}\u{f8e8}\u{f8e9}\u{f8ea}\u{0}\u{0}}JKLMNOP\u{f8eb}\u{f8ec}\u{f8ed}\u{f8ee}\u{f8ef}\u{f8f0}\u{0}\u{f8f1}\
        \\\u{0}STUVWX\u{f8f2}\u{f8f3}\u{f8f4}\u{f8f5}\u{f8f6}\u{f8f7}\u{0}\u{0}01234567\u{f8f8}\u{f8f9}\u{f8fa}\u{f8fb}\u{f8fc}\u{f8fd}\u{f8fe}\u{f8ff}")),
    (21866, Table::Ascii("\
        ─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{a0}⌡°²·÷\
        ═║╒ёє╔ії╗╘╙╚╛ґў╞╟╠╡ЁЄ╣ІЇ╦╧╨╩╪ҐЎ©\
        юабцдефгхийклмнопярстужвьызшэщчъ\
        ЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ")),
    (28591, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
        àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ")),
    (28592, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}Ą\u{2d8}Ł¤ĽŚ§\u{a8}ŠŞŤŹ\u{ad}ŽŻ°ą\u{2db}ł\u{b4}ľś\u{2c7}\u{b8}šşťź\u{2dd}žż\
        ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
        ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u{2d9}")),
    (28593, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}Ħ\u{2d8}£¤\u{fffd}Ĥ§\u{a8}İŞĞĴ\u{ad}\u{fffd}Ż°ħ²³\u{b4}µĥ·\u{b8}ışğĵ½\u{fffd}ż\
        ÀÁÂ\u{fffd}ÄĊĈÇÈÉÊËÌÍÎÏ\u{fffd}ÑÒÓÔĠÖ×ĜÙÚÛÜŬŜß\
        àáâ\u{fffd}äċĉçèéêëìíîï\u{fffd}ñòóôġö÷ĝùúûüŭŝ\u{2d9}")),
    (28594, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}ĄĸŖ¤ĨĻ§\u{a8}ŠĒĢŦ\u{ad}Ž\u{af}°ą\u{2db}ŗ\u{b4}ĩļ\u{2c7}\u{b8}šēģŧŊžŋ\
        ĀÁÂÃÄÅÆĮČÉĘËĖÍÎĪĐŅŌĶÔÕÖ×ØŲÚÛÜŨŪß\
        āáâãäåæįčéęëėíîīđņōķôõö÷øųúûüũū\u{2d9}")),
    (28595, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}ЁЂЃЄЅІЇЈЉЊЋЌ\u{ad}ЎЏАБВГДЕЖЗИЙКЛМНОП\
        РСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп\
        рстуфхцчшщъыьэюя№ёђѓєѕіїјљњћќ§ўџ")),
    (28596, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}\u{fffd}\u{fffd}\u{fffd}¤\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{60c}\u{ad}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{61b}\u{fffd}\u{fffd}\u{fffd}\u{61f}\
        \u{fffd}\u{621}\u{622}\u{623}\u{624}\u{625}\u{626}\u{627}\u{628}\u{629}\u{62a}\u{62b}\u{62c}\u{62d}\u{62e}\u{62f}\u{630}\u{631}\u{632}\u{633}\u{634}\u{635}\u{636}\u{637}\u{638}\u{639}\u{63a}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
        \u{640}\u{641}\u{642}\u{643}\u{644}\u{645}\u{646}\u{647}\u{648}\u{649}\u{64a}\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}\u{650}\u{651}\u{652}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")),
    (28597, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}‘’£€₯¦§\u{a8}©\u{37a}«¬\u{ad}\u{fffd}―°±²³\u{384}\u{385}Ά·ΈΉΊ»Ό½ΎΏ\
        ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\u{fffd}ΣΤΥΦΧΨΩΪΫάέήί\
        ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ\u{fffd}")),
    (28598, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}\u{fffd}¢£¤¥¦§\u{a8}©×«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹÷»¼½¾\u{fffd}\
        \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‗\
        \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}\u{fffd}\u{fffd}\u{200e}\u{200f}\u{fffd}")),
    (28599, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}¡¢£¤¥¦§\u{a8}©ª«¬\u{ad}®\u{af}°±²³\u{b4}µ¶·\u{b8}¹º»¼½¾¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
        àáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ")),
    (28605, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}¡¢£€¥Š§š©ª«¬\u{ad}®\u{af}°±²³Žµ¶·ž¹º»ŒœŸ¿\
        ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
        àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ")),
    (29001, Table::Whole("\
        \u{0}\u{1}ΈΉΊΌΎ°◘○◙♂♀♪♬☼▶◀↕‼¶§£Ώ↑↓→←Ë↔▲▼\
        \u{20}!\"#$%&'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]\u{5e}_\
        \u{60}abcdefghijklmnopqrstuvwxyz{|}~\u{7f}\
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùΑÖÜøαØάΒ\
        áíóúñÑβΓγΔδΕεέΖζΗηή│ªÁÂÀΘθ║╗╝ΙΪ┐\
        └º¡¿─\u{384}ãÃ╚╔ιίϊ═ΐΚκΛÊλΜμÍΝν┘┌ΞξΟοό\
        ÓßÔΠõÕπΡρÚΣςσΤτΥΫυύϋΰΦφΧχΨ·ψΩωώ\u{f8ff}")),
    (38598, Table::Ascii("\
        \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
        \u{a0}\u{f79c}¢£¤¥¦§\u{a8}©×«¬\u{ad}®‾°±²³\u{b4}µ¶·\u{b8}¹÷»¼½¾\u{f79d}\
        \u{f79e}\u{f79f}\u{f7a0}\u{f7a1}\u{f7a2}\u{f7a3}\u{f7a4}\u{f7a5}\u{f7a6}\u{f7a7}\u{f7a8}\u{f7a9}\u{f7aa}\u{f7ab}\u{f7ac}\u{f7ad}\u{f7ae}\u{f7af}\u{f7b0}\u{f7b1}\u{f7b2}\u{f7b3}\u{f7b4}\u{f7b5}\u{f7b6}\u{f7b7}\u{f7b8}\u{f7b9}\u{f7ba}\u{f7bb}\u{f7bc}‗\
        \u{5d0}\u{5d1}\u{5d2}\u{5d3}\u{5d4}\u{5d5}\u{5d6}\u{5d7}\u{5d8}\u{5d9}\u{5da}\u{5db}\u{5dc}\u{5dd}\u{5de}\u{5df}\u{5e0}\u{5e1}\u{5e2}\u{5e3}\u{5e4}\u{5e5}\u{5e6}\u{5e7}\u{5e8}\u{5e9}\u{5ea}\u{f7bd}\u{f7be}\u{f7bf}\u{f7c0}\u{f7c1}")),
];
