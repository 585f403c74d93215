using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

public sealed class NicknameTests
{
    [Theory]
    [InlineData("Ada", "Ada")]
    [InlineData("  Ada \t Lovelace ", "Ada Lovelace")]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script")]
    [InlineData("Ada\u202Eevil", "Adaevil")]
    [InlineData("A\u0000\u0007\u001b[31mB", "A[31mB")]
    [InlineData("\u200B\u200B\u2066", null)]
    [InlineData("Z\u0351\u0352\u0353\u0354\u0355", "Z\u0351\u0352")]
    [InlineData("\ud800lone", "lone")]
    [InlineData("Мария", "Мария")]
    [InlineData("李雷", "李雷")]
    [InlineData("", null)]
    public void A_name_keeps_its_letters_and_loses_what_would_act_on_the_page(string typed, string? name) => Assert.Equal(name, Nickname.Read(typed));

    [Fact]
    public void Nobody_bears_the_name_of_another()
    {
        var taken = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var name = Nickname.Free(i % 2 == 0 ? "Ada" : null, taken, new Random(i));
            Assert.DoesNotContain(name, taken, StringComparer.OrdinalIgnoreCase);
            taken.Add(name);
        }
    }
}
