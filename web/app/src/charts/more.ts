// Charts beyond bars and lines: fetched with the first page that draws one.
import { CustomChart, GraphChart, HeatmapChart, PieChart, SankeyChart, ScatterChart, TreemapChart } from "echarts/charts";
import { DataZoomComponent, VisualMapComponent } from "echarts/components";
import { use } from "echarts/core";

use([CustomChart, GraphChart, HeatmapChart, PieChart, SankeyChart, ScatterChart, TreemapChart, DataZoomComponent, VisualMapComponent]);
