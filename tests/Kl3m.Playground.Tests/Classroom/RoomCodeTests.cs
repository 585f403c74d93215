using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

public sealed class RoomCodeTests
{
    [Fact]
    public void Codes_hold_no_sign_that_is_taken_for_another()
    {
        var signs = Enumerable.Range(0, 2000).SelectMany(_ => RoomCode.New()).ToHashSet();
        Assert.Empty(signs.Intersect("ILO01"));
        Assert.True(signs.Count >= 30);
    }

    [Theory]
    [InlineData("K7M4QX", "K7M4QX")]
    [InlineData("k7m 4qx", "K7M4QX")]
    [InlineData(" K7M-4QX ", "K7M4QX")]
    [InlineData("K7M4Q", null)]
    [InlineData("K7M4Q0", null)]
    [InlineData("<b>K7M4QX", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_code_is_read_as_people_type_it(string? typed, string? code) => Assert.Equal(code, RoomCode.Read(typed));

    [Fact]
    public void What_is_shown_is_read_again()
    {
        var code = RoomCode.New();
        Assert.Equal(code, RoomCode.Read(RoomCode.Shown(code)));
    }
}
