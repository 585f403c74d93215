using Kl3m.Playground.Components.Shared;
using Microsoft.JSInterop;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class BrowserPartTests
{
    [Fact]
    public async Task A_component_that_goes_while_its_module_comes_attaches_nothing()
    {
        var browser = new SlowBrowser();
        var part = new BrowserPart<BrowserPartTests>(browser, this);
        var attaching = part.AttachAsync("./js/any.js", "attach", stop: "stop");
        await part.DisposeAsync();
        browser.Module.SetResult(browser);
        await attaching;
        Assert.False(part.IsAttached);
        Assert.Equal(["import"], browser.Called);
    }

    [Fact]
    public async Task A_component_that_goes_while_its_object_is_made_stops_the_object()
    {
        var browser = new SlowBrowser();
        browser.Module.SetResult(browser);
        var part = new BrowserPart<BrowserPartTests>(browser, this);
        var attaching = part.AttachAsync("./js/any.js", "attach", stop: "stop");
        await part.DisposeAsync();
        browser.Made.SetResult(browser);
        await attaching;
        Assert.False(part.IsAttached);
        Assert.Equal(["import", "attach", "stop"], browser.Called);
    }

    [Fact]
    public async Task Calls_before_and_after_its_life_do_nothing()
    {
        var browser = new SlowBrowser();
        browser.Module.SetResult(browser);
        browser.Made.SetResult(browser);
        var part = new BrowserPart<BrowserPartTests>(browser, this);
        await part.CallAsync("early");
        await part.AttachAsync("./js/any.js", "attach", stop: "stop");
        await part.CallAsync("now");
        await part.DisposeAsync();
        await part.CallAsync("late");
        Assert.Equal(["import", "attach", "now", "stop"], browser.Called);
    }

    /// <summary>Module and object come when the test says so; both are this one thing.</summary>
    private sealed class SlowBrowser : IJSRuntime, IJSObjectReference
    {
        public List<string> Called { get; } = [];

        public TaskCompletionSource<IJSObjectReference> Module { get; } = new();

        public TaskCompletionSource<IJSObjectReference> Made { get; } = new();

        public async ValueTask<T> InvokeAsync<T>(string identifier, object?[]? args)
        {
            Called.Add(identifier);
            return identifier switch
            {
                "import" => (T)await Module.Task,
                "attach" => (T)await Made.Task,
                _ => default!,
            };
        }

        public ValueTask<T> InvokeAsync<T>(string identifier, CancellationToken cancellationToken, object?[]? args) => InvokeAsync<T>(identifier, args);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
