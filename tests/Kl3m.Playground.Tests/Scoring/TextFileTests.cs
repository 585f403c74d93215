using System.Text;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Tests.Scoring;

public sealed class TextFileTests
{
    [Theory]
    [InlineData("a.txt", "one\r\n\n  \ntwo\n", "one|two")]
    [InlineData("a.md", "no ending that is known is one text a line", "no ending that is known is one text a line")]
    [InlineData("a.jsonl", "{\"id\": 1, \"text\": \"one\\nmore\"}\n\n\"two\"\n", "one\nmore|two")]
    [InlineData("a.csv", "id,Text\r\n1,\"one, \"\"quoted\"\"\r\nand two lines\"\r\n2,two\r\n3,\r\n", "one, \"quoted\"\r\nand two lines|two")]
    [InlineData("a.CSV", "one\ntwo\n", "one|two")]
    public void Texts_are_read_in_order_and_empty_ones_left_out(string name, string file, string expected)
    {
        var read = Read(name, file);
        Assert.Null(read.Problem);
        Assert.Equal(expected.Split('|'), read.Texts);
    }

    [Fact]
    public void A_byte_order_mark_is_no_text() => Assert.Equal(["one"], TextFile.Read("a.txt", [0xEF, 0xBB, 0xBF, .. "one"u8]).Texts);

    [Theory]
    [InlineData("a.txt", "\n \n", "holds no text")]
    [InlineData("a.jsonl", "{\"text\": \"one\"}\n{\"txt\": 1}\n", "Line 2 is no JSON object")]
    [InlineData("a.jsonl", "\"\\ud800\"\n", "Line 1 is no JSON object")]
    [InlineData("a.jsonl", "not json", "Line 1 is no JSON object")]
    [InlineData("a.csv", "id,body\n1,one\n", "it has “id”, “body”")]
    [InlineData("a.csv", "id,text\n1,one\n2\n", "Row 3 of the table has 1 columns")]
    public void A_file_that_cannot_be_read_is_refused_with_the_place_and_nothing_is_taken(string name, string file, string problem)
    {
        var read = Read(name, file);
        Assert.Contains(problem, read.Problem, StringComparison.Ordinal);
        Assert.Empty(read.Texts);
    }

    [Fact]
    public void What_is_not_UTF_8_or_too_much_is_refused()
    {
        Assert.Contains("not UTF-8", TextFile.Read("a.txt", [0x61, 0xFF]).Problem, StringComparison.Ordinal);
        Assert.Contains("2,001 texts", Read("a.txt", string.Join('\n', Enumerable.Repeat("a", TextFile.MostTexts + 1))).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a \"b\"\n", "\"a \"\"b\"\"\n\"")]
    [InlineData("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("-12.5", "-12.5")]
    public void A_written_field_reads_back_and_never_begins_like_a_formula(string value, string written)
    {
        var csv = CsvTable.Write([["x", value]]);
        Assert.Equal($"x,{written}\r\n", csv);
        Assert.Equal(value, Assert.Single(CsvTable.Read(csv))[1].TrimStart('\''));
    }

    private static TextFile Read(string name, string file) => TextFile.Read(name, Encoding.UTF8.GetBytes(file));
}
