using Bunit;
using Kl3m.Playground.Components.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class MarkdownViewTests : BunitContext
{
    private readonly FakeTimeProvider time = new();

    public MarkdownViewTests() => Services.AddSingleton<TimeProvider>(time);

    [Fact]
    public void A_growing_text_is_drawn_at_most_twice_a_second_and_whole_at_its_end()
    {
        var view = Render<MarkdownView>(parameters => parameters.Add(markdown => markdown.Text, "# a").Add(markdown => markdown.Streaming, true));
        Assert.Equal("a", view.Find("h1").TextContent);
        time.Advance(TimeSpan.FromMilliseconds(499));
        Grow(view, "# ab", true);
        Assert.Equal("a", view.Find("h1").TextContent);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Grow(view, "# abc", true);
        Assert.Equal("abc", view.Find("h1").TextContent);
        Grow(view, "# abcd", false);
        Assert.Equal("abcd", view.Find("h1").TextContent);
    }

    [Fact]
    public void Html_of_a_model_is_text()
    {
        var view = Render<MarkdownView>(parameters => parameters.Add(markdown => markdown.Text, "<img src=x onerror=alert(1)>"));
        Assert.Empty(view.FindAll("img"));
        Assert.Contains("<img src=x onerror=alert(1)>", view.Find("div").TextContent, StringComparison.Ordinal);
    }

    private static void Grow(IRenderedComponent<MarkdownView> view, string text, bool streaming) =>
        view.Render(parameters => parameters.Add(markdown => markdown.Text, text).Add(markdown => markdown.Streaming, streaming));
}
