using System.Text;
using Bunit;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Components.Pages.Tokens;
using Kl3m.Playground.Components.Shared;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace Kl3m.Playground.Tests.Components.Score;

/// <summary>Hundreds of hostile texts through Score, the file of texts and Tokens: all of them are text, whatever they look like, and nothing hidden stays hidden.</summary>
public sealed class HostileTextTests : BunitContext
{
    private static readonly System.Buffers.SearchValues<char> Unseen = System.Buffers.SearchValues.Create("\u202e\u202d\u2066\u2067\u2068\u2069\u200b\ufeff\0\u0001\u001b\u2028\u2029\u0085");

    private static readonly string[] Texts = [.. HostileTexts.All(500).Where(text => text.Length > 0), "<style>*{display:none}</style><base href=//evil.invalid>", "</textarea></title><script>window.hit=1</script>", "<|end|><|start|>"];

    private static readonly string[] Markup = ["<script", "<img", "<svg onload", "<svg/onload", "<iframe", "<base", "<style"];

    public HostileTextTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddMudServices();
        Services.AddSingleton(Catalogue);
        Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
        Services.AddScoped<Shortcuts>();
        Services.AddScoped<ChosenModel>();
        Services.AddSingleton<Vocabularies>();
        Services.AddScoped<ScoreState>();
        Services.AddScoped<FileState>();
        Services.AddScoped<TokensState>();
        Catalogue.Ready(new FakeTextGenerator());
    }

    private BackendCatalogue Catalogue { get; } = new();

    [Fact]
    public async Task No_text_becomes_markup_on_the_Score_page_its_file_table_or_the_Tokens_page()
    {
        var (state, files, tokens) = (Services.GetRequiredService<ScoreState>(), Services.GetRequiredService<FileState>(), Services.GetRequiredService<TokensState>());
        var score = Render<ScorePage>();
        var split = Render<TokensPage>();
        foreach (var text in Texts)
        {
            await score.InvokeAsync(() => state.Type(0, text));
            await score.InvokeAsync(state.ScoreAsync);
            Assert.Null(state.Sides[0].Error);
            Inert(score);
            await score.InvokeAsync(() => state.Select(new(0, state.Sides[0].Result!.Tokens.Count - 1)));
            await split.InvokeAsync(() => tokens.TypeAsync(text));
            Assert.Null(tokens.Problem);
            await split.InvokeAsync(() => tokens.Select((0, 0)));
            Inert(score);
            Inert(split);
            // A field's value is an attribute, in which markup may stand as it is: it is looked at apart from the rest.
            await split.InvokeAsync(() => tokens.SearchAsync(new(text)));
            Assert.Empty(split.FindAll("script, img, iframe, base, style"));
            await split.InvokeAsync(() => tokens.SearchAsync(new()));
        }
        Harmless(score);
        Harmless(split);
        await score.InvokeAsync(() => files.Take("hostile.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', Texts.Select(text => System.Text.Json.JsonSerializer.Serialize(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))))))));
        Assert.Null(files.Problem);
        await score.InvokeAsync(files.ScoreAsync);
        // What is white space alone is no text of a file.
        Assert.Equal(Texts.Count(text => !string.IsNullOrWhiteSpace(text)), files.Done);
        await score.InvokeAsync(files.Toggle);
        Harmless(score);
    }

    [Fact]
    public void Whatever_reorders_or_hides_is_drawn_as_what_it_is()
    {
        foreach (var text in Texts)
        {
            var shown = string.Concat(Visible.Parts(text, standalone: false).Select(part => part.Text));
            Assert.True(shown.AsSpan().IndexOfAny(Unseen) < 0, shown);
            Assert.Equal(shown, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)));
        }
    }

    /// <summary>The quick look, after each text: what it holds of markup stands there as text.</summary>
    private static void Inert(IRenderedComponent<Microsoft.AspNetCore.Components.IComponent> page) =>
        Assert.DoesNotContain(Markup, tag => page.Markup.Contains(tag, StringComparison.OrdinalIgnoreCase));

    private static void Harmless(IRenderedComponent<Microsoft.AspNetCore.Components.IComponent> page)
    {
        Assert.Empty(page.FindAll("script, iframe, img, base, style, object, embed"));
        Assert.All(page.FindAll("*"), element => Assert.DoesNotContain(element.Attributes, attribute =>
            (attribute.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase) || attribute.Name is "href" or "src") && attribute.Value.Contains("window.hit", StringComparison.Ordinal)));
    }
}
