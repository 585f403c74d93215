using System.Globalization;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class NumbersTests
{
    [Theory]
    [InlineData(0.2274, "22.7%")]
    [InlineData(0.008, "0.80%")]
    [InlineData(0.00996, "1.0%")]
    [InlineData(0.0001, "0.01%")]
    [InlineData(0.00009999, "<0.01%")]
    [InlineData(0, "<0.01%")]
    [InlineData(0.9994, "99.9%")]
    [InlineData(0.9999, ">99.9%")]
    [InlineData(1, "100%")]
    [InlineData(1.0000001, "100%")]
    [InlineData(double.NaN, "–")]
    public void A_share_is_never_written_as_zero_nor_as_all_when_it_is_not(double share, string expected) => Assert.Equal(expected, Numbers.Share(share));

    [Fact]
    public void No_share_between_nothing_and_all_reads_as_zero_or_a_hundred()
    {
        for (var p = 1e-12; p < 1; p *= 1.07)
        {
            Assert.DoesNotMatch(@"^(0(\.0+)?|100(\.0+)?)%$", Numbers.Share(p));
            Assert.DoesNotMatch(@"^(0(\.0+)?|100(\.0+)?)%$", Numbers.Share(1 - p));
        }
    }

    [Fact]
    public void Shares_are_said_in_words() =>
        Assert.Equal(("22.7 percent", "less than 0.01 percent"), (Numbers.SpokenShare(0.2274), Numbers.SpokenShare(1e-9)));

    [Theory]
    [InlineData(2.1383, "2.14")]
    [InlineData(-0.0001, "0.00")]
    [InlineData(1234.5, "1,234.50")]
    [InlineData(double.PositiveInfinity, "∞")]
    public void Bits_have_two_decimals(double bits, string expected) => Assert.Equal(expected, Numbers.Bits(bits));

    [Theory]
    [InlineData(0.76414, "0.7641")]
    [InlineData(0.99999, "0.9999")]
    public void The_dart_has_four_decimals_and_never_reads_as_one(double u, string expected) => Assert.Equal(expected, Numbers.Dart(u));

    [Fact]
    public void Counts_have_commas_and_their_noun() =>
        Assert.Equal(("4,046 tokens", "1 token", "Three", "13"), (Numbers.Of(4046, "token"), Numbers.Of(1, "token"), Numbers.StartWord(3), Numbers.Word(13)));

    [Theory]
    [InlineData(38, "38 ms")]
    [InlineData(999.6, "1.0 s")]
    [InlineData(1234, "1.2 s")]
    [InlineData(61000, "1 min 1 s")]
    public void Durations_have_the_unit_that_fits(double milliseconds, string expected) =>
        Assert.Equal(expected, Numbers.Duration(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void Numbers_are_the_same_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            strange.NumberFormat.NumberDecimalSeparator = ",";
            strange.NumberFormat.NumberGroupSeparator = ".";
            CultureInfo.CurrentCulture = strange;
            Assert.Equal(("22.7%", "2.14", "4,086", "0.7641", "12.5%", "1.2 s", "0.95"),
                (Numbers.Share(0.227), Numbers.Bits(2.14), Numbers.Count(4086), Numbers.Dart(0.7641), Numbers.Css(0.125), Numbers.Duration(TimeSpan.FromSeconds(1.2)), Numbers.Setting(0.95f)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(1, "1st")]
    [InlineData(2, "2nd")]
    [InlineData(3, "3rd")]
    [InlineData(4, "4th")]
    [InlineData(11, "11th")]
    [InlineData(12, "12th")]
    [InlineData(13, "13th")]
    [InlineData(22, "22nd")]
    [InlineData(111, "111th")]
    [InlineData(1101, "1,101st")]
    public void Places_are_counted_in_English(int number, string words) => Assert.Equal(words, Numbers.Ordinal(number));
}
