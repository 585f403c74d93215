using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class VisibleTests
{
    [Theory]
    [InlineData(" ", "␣")]
    [InlineData(" the", "␣the")]
    [InlineData("to be", "to be")]
    [InlineData("\n", "⏎")]
    [InlineData("\n\n", "⏎×2")]
    [InlineData("\r\n", "⏎")]
    [InlineData("\r", "␍")]
    [InlineData("\t\t", "⇥×2")]
    [InlineData("\n    x", "⏎␣×4x")]
    [InlineData("\u202Ex", "‹U+202E›x")]
    [InlineData("\u200B", "‹U+200B›")]
    [InlineData("\u00A0", "‹U+00A0›")]
    [InlineData("\u0007", "‹U+0007›")]
    [InlineData("\u3164", "‹U+3164›")]
    [InlineData("\U000E0041", "‹U+E0041›")]
    [InlineData("\u0301", "◌\u0301")]
    [InlineData("👩\u200D👧", "👩\u200D👧")]
    [InlineData("é", "é")]
    public void A_token_by_itself_hides_nothing(string text, string expected) => Assert.Equal(expected, Name(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_run_of_white_space_is_one_chip_with_its_length()
    {
        Assert.Equal([new(VisibleKind.Space, "␣×97")], Visible.Parts(new string(' ', 97), standalone: false));
        Assert.Equal([new(VisibleKind.Plain, "a"), new(VisibleKind.Space, "␣×1,234"), new(VisibleKind.Plain, "b")], Visible.Parts("a" + new string(' ', 1234) + "b", standalone: false));
    }

    [Fact]
    public void In_running_text_a_single_space_is_a_space() => Assert.Equal([new(VisibleKind.Plain, " the ")], Visible.Parts(" the ", standalone: false));

    [Fact]
    public void Line_breaks_are_drawn_and_break_the_line() =>
        Assert.Equal([new(VisibleKind.Plain, "."), new(VisibleKind.Space, "⏎×3"), new(VisibleKind.Break, "⏎⏎")], Visible.Parts(".\n\n\n", standalone: false));

    [Fact]
    public void Bytes_that_are_part_of_a_character_are_shown_as_bytes()
    {
        Assert.Equal("‹E2 80›", Name([0xE2, 0x80]));
        Assert.Equal("a‹FF›b", Name([(byte)'a', 0xFF, (byte)'b']));
        Assert.Equal("‹80›", Name([0x80]));
    }

    [Fact]
    public void Special_tokens_are_named_in_text_and_alone()
    {
        VocabularyEntry end = new(1, "<|end|>"u8.ToArray(), true);
        Assert.Equal([new(VisibleKind.Special, "<|end|>")], Visible.Alone(end));
        Assert.Equal([new(VisibleKind.Special, "<|end|>")], Visible.InText("", end));
    }

    [Fact]
    public void A_token_without_text_of_its_own_can_still_be_reached()
    {
        Assert.Equal([new(VisibleKind.Hidden, "‹E2 80›")], Visible.InText("", new(5, new byte[] { 0xE2, 0x80 }, false)));
        Assert.Equal([new(VisibleKind.Hidden, "swallowed")], Visible.InText("", new(6, "swallowed"u8.ToArray(), false)));
    }

    [Fact]
    public void Every_vocabulary_of_bytes_has_a_name()
    {
        for (var value = 0; value < 256; value++)
        {
            Assert.NotEmpty(Name([(byte)value]).Trim());
        }
    }

    [Theory]
    [InlineData(" Delaware", "Delaware")]
    [InlineData(",", "comma")]
    [InlineData(" ", "space")]
    [InlineData("\n\n", "2 line breaks")]
    [InlineData("\t", "tab")]
    [InlineData(".\n", "full stop line break")]
    [InlineData("\u202E", "character U+202E")]
    public void Tokens_have_names_for_the_ear(string text, string expected) =>
        Assert.Equal(expected, Spoken.Name(text, new(7, Encoding.UTF8.GetBytes(text), false)));

    [Fact]
    public void A_long_run_of_spaces_is_counted_for_the_ear() =>
        Assert.Equal("1,234 spaces", Spoken.Name(new string(' ', 1234), new(7, Encoding.UTF8.GetBytes(new string(' ', 1234)), false)));

    [Fact]
    public void A_label_says_name_share_and_rank() =>
        Assert.Equal("Delaware, 22.7 percent, rank 2", Spoken.Label("Delaware", TestRun.Score(3, 0.227, 0.261, rank: 2)));

    private static string Name(byte[] bytes) => Visible.Name(new(9, bytes, false));
}
