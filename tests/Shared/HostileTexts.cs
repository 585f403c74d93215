using System.Text;

namespace Kl3m.Tests.Shared;

/// <summary>Texts that somebody might send to see what breaks: markup, scripts, direction overrides, half characters, depth and length.</summary>
internal static class HostileTexts
{
    private static readonly string[] Parts =
    [
        "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "\"><svg onload=window.hit=1>", "javascript:window.hit=1", "[a](javascript:window.hit=1)", "{{constructor.constructor('window.hit=1')()}}",
        "\u202E\u2066\u202D", "\uD83D", "\uDE00\uD83D", "\0", "\u001b[2J\a\b", "\u2028\u2029", "\r\n\r\n", "=HYPERLINK(\"http://example.invalid\")", "+cmd|' /C calc'!A0", "@SUM(1)", "%00%FF%C3%28", "%", "%u0041", "&#x3C;script&#x3E;",
        "-1e999", "NaN", "Infinity", "-Infinity", "18446744073709551616", "1.7976931348623157e309", "../../etc/passwd", "' OR 1=1 --", "```\n# x\n```", "|a|b|", "\u0301\u0301\u0301", "\uFEFF", "\uFFFF", "{\"$type\":\"System.Object\"}", "__proto__",
    ];

    public static IEnumerable<string> All(int count)
    {
        var random = new Random(20_260_801);
        yield return "";
        yield return new string('[', 20_000);
        yield return new string('{', 20_000);
        yield return string.Concat(Enumerable.Repeat("{\"a\":", 5_000));
        for (var i = 4; i < count; i++)
        {
            var text = new StringBuilder();
            for (var part = random.Next(1, 6); part > 0; part--)
            {
                text.Append(random.Next(4) == 0 ? ((char)random.Next(0x10000)).ToString() : Parts[random.Next(Parts.Length)]);
            }
            yield return text.ToString();
        }
    }
}
