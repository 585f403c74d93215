using System.Text;
using System.Text.Json;

namespace Kl3m.Inference.Tests.Fuzz;

/// <summary>
/// Damages a JSON text where its meaning is: it knows where each value and each member of an object lies, puts others in their places,
/// drops or doubles them, and then, in some of the cases, breaks bytes wherever they are.
/// </summary>
internal sealed class JsonMutator
{
    private static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "2", "3", "7", "8", "64", "127", "255", "65536", "1048575", "1048576", "16777216", "2147483647", "2147483648", "-2147483648",
        "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "576460752303423488",
        "0.5", "1e-400", "1e400", "-1e400", "1e30", "5e-324", "1.0", "01", "1e", "NaN", "Infinity", "0.1234567890123456789012345678901234567890", new('9', 5000),
    ];

    private static readonly string[] Texts =
    [
        "\"\"", "\" \"", "\"a b\"", "\"a b c\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"", "\"é\"", "\"\\\"", "\"../../x\"", "\"/dev/zero\"", "\"\n\"",
        "\"F16\"", "\"BF16\"", "\"F64\"", "\"F4\"", "\"BOOL\"", "\"gelu\"", "\"gpt_neox\"", "\"model.safetensors\"", "\"ByteLevel\"", "\"BPE\"", "\"default\"",
    ];

    private static readonly string[] OtherTypes =
        ["null", "true", "false", "0", "\"x\"", "[]", "{}", "[[]]", "[null]", "[{}]", "{\"\":null}", "{\"a\":{\"a\":1}}", "[1,2]", "[-1]", "[\"l\",\"l\"]", "", "/**/1"];

    private static readonly string[] Splices =
        ["-", "0", "9", "e", ".", "[", "]", "{", "}", ",", ":", "\"", "\\", "null", "true", "\\ud800", "\\u0000", "\n", "\0", "é", "\uFEFF", "//"];

    private readonly byte[] json;
    private readonly List<Range> values = [];
    private readonly List<Range> outerValues = [];
    private readonly List<Range> members = [];

    public JsonMutator(byte[] json)
    {
        this.json = json;
        var reader = new Utf8JsonReader(json);
        var open = new Stack<(int Start, int Member)>();
        var name = -1;
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = start;
                    continue;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    open.Push((start, name));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    var (begin, member) = open.Pop();
                    Add(begin, member, (int)reader.BytesConsumed, open.Count);
                    break;
                default:
                    Add(start, name, (int)reader.BytesConsumed, open.Count);
                    break;
            }
            name = -1;
        }
    }

    public byte[] Mutate(Random random)
    {
        var edits = new List<(Range Where, byte[] By)>();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var edit = random.Next(3) == 0 ? EditOfMember(random) : EditOfValue(random);
            if (!edits.Any(other => Overlap(other.Where, edit.Where)))
            {
                edits.Add(edit);
            }
        }
        var bytes = json.ToList();
        // One case in four has its structure whole and only bytes broken, one in four both.
        var kind = random.Next(4);
        foreach (var (where, by) in edits.Where(_ => kind > 0).OrderByDescending(edit => edit.Where.Start.Value))
        {
            bytes.RemoveRange(where.Start.Value, where.End.Value - where.Start.Value);
            bytes.InsertRange(where.Start.Value, by);
        }
        for (var hits = kind <= 1 ? random.Next(1, 4) : 0; hits > 0 && bytes.Count > 0; hits--)
        {
            BreakBytes(bytes, random);
        }
        return [.. bytes];
    }

    private static void BreakBytes(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(8))
        {
            case 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(Splices, random)));
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at)));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                // A digit for a digit keeps the text whole: the most fruitful of all.
                for (var digit = bytes.FindIndex(at, one => char.IsAsciiDigit((char)one)); digit >= 0;)
                {
                    bytes[digit] = (byte)('0' + random.Next(10));
                    break;
                }
                break;
        }
    }

    private (Range Where, byte[] By) EditOfValue(Random random)
    {
        var where = Pick(random.Next(2) == 0 ? values : outerValues, random);
        return (where, random.Next(12) switch
        {
            0 or 1 or 2 => Encoding.UTF8.GetBytes(Pick(Numbers, random)),
            3 or 4 => Encoding.UTF8.GetBytes(Pick(Texts, random)),
            5 or 6 => Encoding.UTF8.GetBytes(Pick(OtherTypes, random)),
            7 => Text('x', Size(random)),
            8 => Nested(random),
            9 => Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(Pick(OtherTypes, random), Size(random) / 4))}]"),
            _ => json[Pick(values, random)],
        });
    }

    private (Range Where, byte[] By) EditOfMember(Random random)
    {
        var where = Pick(members, random);
        var member = json[where];
        var value = member[(member.AsSpan().IndexOf("\":"u8) + 1)..];
        byte[] comma = [(byte)','];
        var by = random.Next(6) switch
        {
            0 or 1 => [],
            2 => [.. member, .. comma, .. member],
            3 => [.. member, .. comma, .. json[Pick(members, random)]],
            4 => [.. Encoding.UTF8.GetBytes(Pick(Texts, random)), .. value],
            _ => (byte[])[.. Text('n', Size(random)), .. value],
        };
        if (by.Length > 0)
        {
            return (where, by);
        }
        // With the comma that goes with it, or the rest would be broken whatever it says.
        var (start, end) = (where.Start.Value, where.End.Value);
        return json[end] == ',' ? (start..(end + 1), by) : json[start - 1] == ',' ? ((start - 1)..end, by) : (where, by);
    }

    private static byte[] Nested(Random random)
    {
        var depth = Pick([2, 62, 63, 64, 65, 1000, 100_000], random);
        var (open, close) = random.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
        var inner = random.Next(2) == 0 ? "1" : "";
        return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, random.Next(4) == 0 ? 0 : depth)));
    }

    /// <summary>Small most times; a few megabytes in one case of forty.</summary>
    private static int Size(Random random) => random.Next(40) == 0 ? random.Next(1, 4 << 20) : random.Next(1, 6000);

    private static byte[] Text(char of, int length) => Encoding.UTF8.GetBytes($"\"{new string(of, length)}\"");

    private static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];

    private static bool Overlap(Range a, Range b) => a.Start.Value <= b.End.Value && b.Start.Value <= a.End.Value;

    private void Add(int start, int member, int end, int depth)
    {
        values.Add(start..end);
        if (depth <= 2)
        {
            outerValues.Add(start..end);
        }
        if (member >= 0)
        {
            members.Add(member..end);
        }
    }
}
