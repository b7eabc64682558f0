/** Every tariff that ships with the product. A new province is a file beside this one and a line here. */
import { hebeiTimeOfUse } from './hebei-time-of-use.js';
import { hubeiCommercial } from './hubei-commercial.js';
import { hunanResidential } from './hunan-residential.js';
import { shandongResidential } from './shandong-residential.js';
import { zhejiangResidential } from './zhejiang-residential.js';
import type { TariffDocument } from './schema.js';

export const tariffDocuments: readonly TariffDocument[] = [
  ...hunanResidential,
  ...shandongResidential,
  ...zhejiangResidential,
  ...hubeiCommercial,
  ...hebeiTimeOfUse,
];
