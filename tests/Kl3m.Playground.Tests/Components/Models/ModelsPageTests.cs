using System.Security.Claims;
using AngleSharp.Dom;
using Bunit;
using Kl3m.Playground.Administration;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.Models;
using Kl3m.Playground.Hub;
using Kl3m.Playground.Telemetry;
using Kl3m.Playground.Tests.Backends;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using MudBlazor.Services;

namespace Kl3m.Playground.Tests.Components.Models;

public sealed class ModelsPageTests : BunitContext, IAsyncLifetime
{
    private readonly LibraryFixture fixture = new();
    private readonly Visitor visitor = new() { MayManage = true };

    public ModelsPageTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddMudServices();
        Services.AddSingleton(fixture.Catalogue);
        Services.AddSingleton(fixture.Library);
        Services.AddSingleton(fixture.Settings);
        Services.AddSingleton<TimeProvider>(fixture.Time);
        Services.AddSingleton<FreeSpace>(_ => 212_000_000_000);
        Services.AddSingleton<EngineFigures>();
        Services.AddSingleton<IServer>(new Microsoft.AspNetCore.TestHost.TestServer(Services.BuildServiceProvider()));
        Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        Services.AddSingleton(Options.Create(new AdministratorOptions()));
        Services.AddSingleton<Administrator>();
        Services.AddSingleton<AuthenticationStateProvider>(visitor);
        Services.AddSingleton<AntiforgeryStateProvider>(new NoTokens());
        Services.AddScoped<ChosenModel>();
        Services.AddScoped<ModelsState>();
    }

    public ValueTask InitializeAsync() => new(fixture.Library.ScanAsync());

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await fixture.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Who_may_not_manage_sees_no_way_to_and_has_none()
    {
        visitor.MayManage = false;
        await fixture.LoadedAsync("one");
        var page = Render<ModelsPage>();
        Assert.Contains("no passphrase is set", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("#add-model"));
        Assert.All(page.FindAll("article button").Select(button => button.TextContent.Trim()), name => Assert.Contains(name, (string[])["Card", "Use it"]));
        var state = Services.GetRequiredService<ModelsState>();
        await state.StartAsync();
        state.Unload(fixture.Library.Find("one")!);
        state.Download(fixture.Library.Find(LibraryFixture.Hub)!, thenLoad: true);
        state.Forget(fixture.Library.Find(LibraryFixture.Hub)!);
        state.Typed = fixture.Folder;
        await state.AddAsync();
        Assert.Equal((ModelCondition.Loaded, ModelCondition.Away), (fixture.Condition("one"), fixture.Condition(LibraryFixture.Hub)));
        Assert.DoesNotContain(fixture.Library.Models, model => model.Folder == fixture.Folder);
    }

    [Fact]
    public void What_would_not_fit_says_so_before_and_one_click_takes_the_number_that_does()
    {
        fixture.WeightBytes = 9_000_000_000;
        fixture.Here("large");
        var page = Render<ModelsPage>();
        Assert.Contains("will not fit", Card(page, "large").TextContent, StringComparison.Ordinal);
        Assert.True(Button(page, "large", "Load").HasAttribute("disabled"));
        Assert.Contains("A cache of 1,800 tokens instead of 10,000 would fit", Card(page, "large").TextContent, StringComparison.Ordinal);
        Button(page, "large", "use 1,800").Click();
        Button(page, "large", "Load with 1,800 tokens").Click();
        page.WaitForAssertion(() => Assert.Equal(ModelCondition.Loaded, fixture.Condition("large")));
        page.WaitForAssertion(() => Assert.Contains("Room for 1,800 tokens", Card(page, "large").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_would_fit_alone_is_offered_instead_of_the_fewest_that_are_in_its_way()
    {
        fixture.WeightBytes = 2_000_000_000;
        await fixture.LoadedAsync("one");
        fixture.WeightBytes = 4_000_000_000;
        await fixture.LoadedAsync("two");
        fixture.WeightBytes = 5_000_000_000;
        fixture.Here("three");
        var page = Render<ModelsPage>();
        Button(page, "three", "Load instead of two").Click();
        Assert.Contains("Unload two for everybody? Nobody has it in work now.", Words(page, "three"), StringComparison.Ordinal);
        Assert.Equal(["two", "one"], fixture.Catalogue.All.Select(generator => generator.Model.Id));
        Button(page, "three", "Unload and load").Click();
        page.WaitForAssertion(() => Assert.Equal(["three", "one"], fixture.Catalogue.All.Select(generator => generator.Model.Id)));
    }

    [Fact]
    public async Task Everybody_sees_the_same_download()
    {
        var go = new TaskCompletionSource();
        fixture.Fetch = async (_, report, _) =>
        {
            report(new(409_000_000, 671_000_000, 38_200_000));
            await go.Task;
            return ModelFolder.BundledPath;
        };
        var (one, other) = (Render<ModelsPage>(), Render<ModelsPage>());
        Button(one, LibraryFixture.Hub, "Download and load").Click();
        foreach (var page in (IRenderedComponent<ModelsPage>[])[one, other])
        {
            page.WaitForAssertion(() => Assert.Contains("409 MB of 671 MB", Card(page, LibraryFixture.Hub).TextContent, StringComparison.Ordinal));
            Assert.Contains("38 MB/s", Card(page, LibraryFixture.Hub).TextContent, StringComparison.Ordinal);
            Assert.Contains("7 s left", Card(page, LibraryFixture.Hub).TextContent, StringComparison.Ordinal);
            Assert.Equal("60", Card(page, LibraryFixture.Hub).QuerySelector("[role=progressbar]")?.GetAttribute("aria-valuenow"));
        }
        go.SetResult();
        await fixture.Until(library => library.Find(LibraryFixture.Hub) is { Condition: ModelCondition.Loaded });
        other.WaitForAssertion(() => Assert.Contains("running, the default", Card(other, LibraryFixture.Hub).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deleting_asks_first()
    {
        await fixture.Library.DownloadAsync(LibraryFixture.Hub);
        var page = Render<ModelsPage>();
        Button(page, LibraryFixture.Hub, "Delete").Click();
        Assert.Contains("from the cache that all Hugging Face tools share?", Card(page, LibraryFixture.Hub).TextContent, StringComparison.Ordinal);
        Button(page, LibraryFixture.Hub, "Keep").Click();
        Assert.Equal(ModelCondition.Here, fixture.Condition(LibraryFixture.Hub));
        Button(page, LibraryFixture.Hub, "Delete").Click();
        Button(page, LibraryFixture.Hub, "Delete").Click();
        page.WaitForAssertion(() => Assert.Equal(ModelCondition.Away, fixture.Condition(LibraryFixture.Hub)));
    }

    [Fact]
    public async Task Unloading_asks_first_and_says_what_ends_and_what_comes_after()
    {
        await fixture.LoadedAsync("one");
        await fixture.LoadedAsync("two");
        var page = Render<ModelsPage>();
        await using var writing = fixture.Library.Served("two")!.GenerateAsync(new() { Prompt = "a" }, Xunit.TestContext.Current.CancellationToken).GetAsyncEnumerator(Xunit.TestContext.Current.CancellationToken);
        Assert.True(await writing.MoveNextAsync());
        Button(page, "two", "Unload").Click();
        Assert.Contains("Unload it for everybody? One generation is in work: it has 30 seconds to end, then it is cut off; what it wrote stays. Who uses it goes on with one.",
            Words(page, "two"), StringComparison.Ordinal);
        page.Find("[role=alertdialog]").KeyDown("Escape");
        Assert.Empty(page.FindAll("[role=alertdialog]"));
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("two"));

        Button(page, "one", "Unload").Click();
        Assert.Contains("Nobody has it in work now.", Words(page, "one"), StringComparison.Ordinal);
        Button(page, "one", "Unload").Click();
        page.WaitForAssertion(() => Assert.Equal(["two"], fixture.Catalogue.All.Select(generator => generator.Model.Id)));
        Button(page, "two", "Unload").Click();
        Assert.Contains("nobody can write until a model is loaded again", Words(page, "two"), StringComparison.Ordinal);
        Button(page, "two", "Keep").Click();
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("two"));
    }

    [Fact]
    public async Task A_choice_is_the_visitors_own()
    {
        await fixture.LoadedAsync("one");
        await fixture.LoadedAsync("two");
        var page = Render<ModelsPage>();
        using var neighbour = new ChosenModel(fixture.Catalogue);
        Button(page, "one", "Use it").Click();
        Assert.Equal("one", Services.GetRequiredService<ChosenModel>().Generator?.Model.Id);
        Assert.Equal("two", neighbour.Generator?.Model.Id);
        await fixture.Library.UnloadAsync("one");
        Assert.Equal("two", Services.GetRequiredService<ChosenModel>().Generator?.Model.Id);
    }

    [Fact]
    public void Family_cards_carry_licence_and_author()
    {
        var page = Render<ModelsPage>();
        Assert.All(KnownModel.All, known =>
        {
            var card = Card(page, known.Id);
            Assert.Contains("ALEA Institute", card.TextContent, StringComparison.Ordinal);
            Assert.Equal("CC BY 4.0", card.QuerySelector($"a[href='{KnownModel.LicenceAddress}']")?.TextContent);
        });
        Assert.Contains("6.98 GB", Card(page, "alea-institute/kl3m-003-1.7b").TextContent, StringComparison.Ordinal);
        Assert.Contains("1.75 B", Card(page, "alea-institute/kl3m-003-1.7b").TextContent, StringComparison.Ordinal);
    }

    private static IElement Card(IRenderedComponent<ModelsPage> page, string id) => page.Find($"article[aria-label='{id}']");

    private static string Words(IRenderedComponent<ModelsPage> page, string id) =>
        string.Join(' ', Card(page, id).QuerySelector("[role=alertdialog]")!.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IElement Button(IRenderedComponent<ModelsPage> page, string id, string name) =>
        page.FindAll($"article[aria-label='{id}'] button").Single(button => button.TextContent.Trim() == name);

    private sealed class Visitor : AuthenticationStateProvider
    {
        public bool MayManage { get; set; }

        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(new(new ClaimsIdentity(MayManage ? [new Claim(Administrator.Claim, "yes")] : []))));
    }

    private sealed class NoTokens : AntiforgeryStateProvider
    {
        public override AntiforgeryRequestToken? GetAntiforgeryToken() => null;
    }
}
